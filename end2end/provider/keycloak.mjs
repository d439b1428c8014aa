// Signs in through a real Keycloak, as docs/sign-in.md says to set it up, and says what it saw.
//
//     node keycloak.mjs KEYCLOAK CAUSEWAY
//
// KEYCLOAK is the folder of an unpacked Keycloak (tried with 26.4.0), CAUSEWAY the binary. Both are started here, on this machine alone,
// with data of their own in a temporary folder, and ended at the end. It takes a minute or two.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOKEN, port, saw, serve, stage, start, until, walk } from './stage.mjs';

const [keycloak, causeway] = process.argv.slice(2);
if (!causeway) {
  console.error('node keycloak.mjs KEYCLOAK CAUSEWAY');
  process.exit(2);
}
stage('keycloak');
const [there, health, here] = [await port(), await port(), await port()];
const provider = `http://127.0.0.1:${there}`;
const portal = `http://127.0.0.1:${here}`;

// What an administrator enters, as an import: a confidential client that must use PKCE, and a scope with the groups.
const realm = {
  realm: 'corp',
  enabled: true,
  sslRequired: 'none',
  groups: [{ name: 'berths' }, { name: 'quays' }],
  users: [
    {
      username: 'ada',
      enabled: true,
      email: 'ada@saltmarsh.example',
      emailVerified: true,
      firstName: 'Ada',
      lastName: 'Byron',
      groups: ['/berths'],
      credentials: [{ type: 'password', value: 'only-used-here', temporary: false }],
    },
  ],
  clients: [
    {
      clientId: 'causeway',
      secret: 'a-secret-that-is-only-used-here',
      publicClient: false,
      standardFlowEnabled: true,
      directAccessGrantsEnabled: false,
      redirectUris: [`${portal}/auth/callback/corp`],
      attributes: { 'pkce.code.challenge.method': 'S256', 'post.logout.redirect.uris': `${portal}/auth/signed-out` },
      protocolMappers: [
        {
          name: 'groups',
          protocol: 'openid-connect',
          protocolMapper: 'oidc-group-membership-mapper',
          config: { 'claim.name': 'groups', 'full.path': 'true', 'id.token.claim': 'true', 'access.token.claim': 'true', 'userinfo.token.claim': 'true' },
        },
      ],
    },
  ],
};

const people = ['berths', 'quays']
  .map((name) => `apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: { name: ${name} }\nspec: { type: team, children: [] }\n`)
  .concat('apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: { name: ada-b }\nspec: { profile: { email: ada@saltmarsh.example }, memberOf: [] }\n')
  .join('---\n');

// A browser, as far as cookies, redirects and forms go.
class Browser {
  jar = new Map();
  async send(url, form) {
    const origin = new URL(url).origin;
    const cookies = [...this.jar].filter(([key]) => key.startsWith(`${origin} `)).map(([key, value]) => `${key.split(' ')[1]}=${value}`);
    const answer = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { accept: 'text/html', cookie: cookies.join('; '), ...(form ? { origin, 'content-type': 'application/x-www-form-urlencoded' } : {}) },
      body: form ? new URLSearchParams(form) : undefined,
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [name, ...value] = cookie.split(';')[0].split('=');
      if (/max-age=0|01[ -]jan[ -]1970/i.test(cookie)) this.jar.delete(`${origin} ${name}`);
      else this.jar.set(`${origin} ${name}`, value.join('='));
    }
    return { status: answer.status, location: answer.headers.get('location'), text: await answer.text(), url };
  }
  async follow(url, form) {
    let answer = await this.send(url, form);
    for (let hops = 0; answer.location && hops < 15; hops += 1) answer = await this.send(new URL(answer.location, answer.url).href);
    return answer;
  }
  async me() {
    return JSON.parse((await this.send(`${portal}/api/v1/me`)).text || '{}');
  }
  // From the button of the portal to the page of Keycloak, and back.
  async signIn() {
    const page = await this.follow(`${portal}/auth/start/corp?next=%2Fapi%2Fv1%2Fme`);
    const action = page.text.match(/action="([^"]+)"/)?.[1]?.replaceAll('&amp;', '&');
    if (!action) return page;
    return this.follow(action, { username: 'ada', password: 'only-used-here' });
  }
}

async function administer(path, options = {}) {
  const form = { grant_type: 'password', client_id: 'admin-cli', username: 'admin', password: 'only-used-here' };
  const answer = await fetch(`${provider}/realms/master/protocol/openid-connect/token`, { method: 'POST', body: new URLSearchParams(form) });
  const { access_token } = await answer.json();
  return fetch(`${provider}/admin/realms/corp${path}`, { ...options, headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' } });
}

await walk(async () => {
  const imported = join(keycloak, 'data', 'import');
  mkdirSync(imported, { recursive: true });
  writeFileSync(join(imported, 'corp.json'), JSON.stringify(realm));
  const build = spawnSync(join(keycloak, 'bin', 'kc.sh'), ['build', '--db=dev-mem', '--health-enabled=true'], { encoding: 'utf8' });
  if (build.status !== 0) throw new Error(build.stdout + build.stderr);
  const arguments_ = ['start', '--optimized', '--http-enabled=true', '--http-host=127.0.0.1', `--http-port=${there}`, `--http-management-port=${health}`, `--hostname=${provider}`, '--import-realm'];
  const secrets = { KC_BOOTSTRAP_ADMIN_USERNAME: 'admin', KC_BOOTSTRAP_ADMIN_PASSWORD: 'only-used-here', JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx512m' };
  const server = start(join(keycloak, 'bin', 'kc.sh'), arguments_, secrets);
  const discovery = `${provider}/realms/corp/.well-known/openid-configuration`;
  const known = await until('Keycloak is ready', async () => {
    if (server.exitCode !== null) throw new Error(server.said);
    const answer = await fetch(discovery);
    return answer.ok ? answer.json() : undefined;
  }, 240);
  saw('Keycloak answers, and says how to sign out', Boolean(known.end_session_endpoint));

  const settings = `
[sign_in]
administrator_token = "${TOKEN}"
recheck_minutes = 0
[[sign_in.providers]]
id = "corp"
name = "Corp"
issuer = "${provider}/realms/corp"
client_id = "causeway"
client_secret = "env:CORP_SECRET"
match = [{ email = "email" }, { name = "preferred_username" }]
teams_by_name = true
[outbound]
allow = ["127.0.0.1"]
`;
  const environment = { CORP_SECRET: 'a-secret-that-is-only-used-here' };
  await serve(causeway, here, { settings, people, environment, user: 'ada-b' });

  const ask = new URL(known.authorization_endpoint);
  ask.search = new URLSearchParams({ client_id: 'causeway', response_type: 'code', scope: 'openid', state: 'x', redirect_uri: `${portal}/auth/callback/corp` });
  const without = await new Browser().send(ask.href);
  saw('without PKCE Keycloak refuses', /code_challenge/.test(without.location ?? without.text), without.location ?? String(without.status));

  const browser = new Browser();
  const came = await browser.signIn();
  const me = await browser.me();
  saw('a person comes in as their User, by a verified address', me.subject === 'user:default/ada-b', me.subject ?? came.text.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ').slice(0, 400));
  saw('groups come from the claims', JSON.stringify(me.teams) === '["group:default/berths"]', JSON.stringify(me.teams));

  const [ada] = await (await administer('/users?username=ada')).json();
  const groups = await (await administer('/groups')).json();
  const id = (name) => groups.find((group) => group.name === name).id;
  await administer(`/users/${ada.id}/groups/${id('quays')}`, { method: 'PUT' });
  await administer(`/users/${ada.id}/groups/${id('berths')}`, { method: 'DELETE' });
  const moved = await until('groups follow', async () => {
    const { teams } = await browser.me();
    return JSON.stringify(teams) === '["group:default/quays"]' ? teams : undefined;
  }, 40).catch(() => undefined);
  saw('groups follow while the session lasts, by refresh', Boolean(moved), JSON.stringify((await browser.me()).teams));

  const left = await browser.send(`${portal}/auth/sign-out`, { x: '' });
  const address = left.text.match(/url=([^"]+)"/)?.[1]?.replaceAll('&amp;', '&');
  saw('signing out goes on to Keycloak', Boolean(address?.startsWith(known.end_session_endpoint)), address?.split('?')[0]);
  const after = address ? await browser.follow(address) : { url: '' };
  saw('Keycloak sends back to the portal without a question', after.url === `${portal}/auth/signed-out`, after.url.split('?')[0]);
  const again = await browser.follow(`${portal}/auth/start/corp`);
  saw('whoever comes again is asked for the password', /password/i.test(again.text) && again.url.startsWith(provider));

  const second = new Browser();
  await second.signIn();
  saw('a second browser comes in', (await second.me()).subject === 'user:default/ada-b');
  await administer(`/users/${ada.id}/logout`, { method: 'POST' });
  const out = await until('the session ends', async () => {
    const answer = await second.send(`${portal}/api/v1/me`);
    return answer.status === 303 ? true : undefined;
  }, 40).catch(() => false);
  saw('a session that Keycloak ended is over here', out);
  await administer(`/users/${ada.id}`, { method: 'PUT', body: JSON.stringify({ ...ada, enabled: false }) });
  const refused = await new Browser().signIn();
  saw('who is disabled there does not come in', !/user:default/.test(refused.text));
});
