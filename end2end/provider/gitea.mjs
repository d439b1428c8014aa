// Signs in through a real Gitea with a real Chromium, as docs/sign-in.md says to set it up, and says what it saw.
//
//     node gitea.mjs GITEA CAUSEWAY [GITEA_STATIC]
//
// GITEA is the binary (tried with 1.26.0), CAUSEWAY ours; GITEA_STATIC is the folder with Gitea's `templates`, `options` and `public`,
// for a binary that was built without them. A second provider, that of the tests, stands beside it. It needs the packages of `end2end`
// and of `end2end/provider`. Pictures of what people see are kept in CAUSEWAY_PICTURES, if that names a folder.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { TOKEN, port, saw, serve, stage, start, until, walk } from './stage.mjs';

const [gitea, causeway, statics] = process.argv.slice(2);
if (!causeway) {
  console.error('node gitea.mjs GITEA CAUSEWAY [GITEA_STATIC]');
  process.exit(2);
}
const folder = stage('gitea');
const [there, here] = [await port(), await port()];
const provider = `http://127.0.0.1:${there}`;
const portal = `http://127.0.0.1:${here}`;
const PASSWORD = 'only-used-here';

// Gitea refuses to run as root.
const isRoot = process.getuid() === 0;
const as = isRoot ? ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', gitea] : [gitea];
const work = join(folder, 'gitea');
const settings = join(work, 'app.ini');
const environment = { USER: isRoot ? 'nobody' : process.env.USER, HOME: work, GITEA_WORK_DIR: work };

function run(...args) {
  const done = spawnSync(as[0], [...as.slice(1), '--config', settings, ...args], { encoding: 'utf8', env: { ...process.env, ...environment }, cwd: work });
  if (done.status !== 0) throw new Error(`gitea ${args.join(' ')}: ${done.stdout}${done.stderr}`);
  return done.stdout;
}

async function api(method, path, body, who = 'keeper') {
  const authorization = `Basic ${Buffer.from(`${who}:${PASSWORD}`).toString('base64')}`;
  const answer = await fetch(`${provider}/api/v1${path}`, { method, headers: { authorization, 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? undefined : answer.json();
}

const serveGitea = () => start(as[0], [...as.slice(1), '--config', settings, 'web'], environment, work);
const isReady = () => until('Gitea is ready', async () => (await fetch(`${provider}/api/healthz`)).ok, 120);

const people = ['berths', 'quays']
  .map((name) => `apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: { name: ${name} }\nspec: { type: team, children: [] }\n`)
  .concat('apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: { name: ada-b }\nspec: { profile: { email: ada@saltmarsh.example }, memberOf: [] }\n')
  .join('---\n');

function ours(id, other) {
  return `
[sign_in]
administrator_token = "${TOKEN}"
recheck_minutes = 0
[[sign_in.providers]]
id = "gitea"
name = "Gitea"
issuer = "${provider}"
client_id = "${id}"
client_secret = "env:GITEA_SECRET"
scopes = ["profile", "email", "groups"]
match = [{ email = "email" }]
teams = { "corp:berths" = "group:default/berths", "corp:quays" = "group:default/quays" }
[[sign_in.providers]]
id = "other"
name = "Other"
issuer = "${other}"
client_id = "causeway"
client_secret = "env:OTHER_SECRET"
scopes = ["profile", "email", "groups"]
match = [{ email = "email" }]
teams_by_name = true
[outbound]
allow = ["127.0.0.1"]
`;
}

await walk(async () => {
  mkdirSync(join(work, 'custom'), { recursive: true });
  writeFileSync(settings, `
APP_NAME = Gitea
RUN_USER = ${environment.USER}
RUN_MODE = prod
WORK_PATH = ${work}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${there}
ROOT_URL = ${provider}/
DISABLE_SSH = true
OFFLINE_MODE = true
${statics ? `STATIC_ROOT_PATH = ${statics}` : ''}
[database]
DB_TYPE = sqlite3
PATH = ${work}/gitea.db
[security]
INSTALL_LOCK = true
PASSWORD_HASH_ALGO = pbkdf2$1000$50
[service]
DISABLE_REGISTRATION = true
[log]
MODE = console
LEVEL = warn
`);
  if (isRoot) {
    chmodSync(folder, 0o755);
    for (const path of [work, join(work, 'custom'), settings]) chownSync(path, 65534, 65534);
  }
  run('migrate');
  const user = (name, ...more) => run('admin', 'user', 'create', '--username', name, '--password', PASSWORD, '--email', `${name}@saltmarsh.example`, '--must-change-password=false', ...more);
  user('keeper', '--admin');
  user('ada');
  let server = serveGitea();
  await isReady();
  await api('POST', '/orgs', { username: 'corp' });
  const team = (name) => api('POST', '/orgs/corp/teams', { name, permission: 'read', units: ['repo.code'] });
  const [berths, quays] = [await team('berths'), await team('quays')];
  await api('PUT', `/teams/${berths.id}/members/ada`);
  const known = await (await fetch(`${provider}/.well-known/openid-configuration`)).json();
  saw('Gitea says who it is, and not where to sign out', known.issuer.replace(/\/$/, '') === provider && !known.end_session_endpoint, known.issuer);
  const client = await api('POST', '/user/applications/oauth2', { name: 'Causeway', redirect_uris: [`${portal}/auth/callback/gitea`], confidential_client: true });

  const second = start('node', [join(import.meta.dirname, 'serve.mjs')], {}, import.meta.dirname);
  const other = await until('the other provider is ready', async () => second.said.match(/http:\S+/)?.[0], 30);
  await fetch(`${other}/control`, { method: 'POST', body: JSON.stringify({ account: 'ada', redirects: [`${portal}/auth/callback/other`], afterwards: [`${portal}/auth/signed-out`] }) });
  const secrets = { GITEA_SECRET: client.client_secret, OTHER_SECRET: 'a-secret-that-is-only-used-by-tests' };
  const asked = { settings: ours(client.client_id, other), people, environment: secrets, user: 'ada-b' };
  let causewayServer = await serve(causeway, here, asked);

  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  const browser = await chromium.launch({ executablePath, args: isRoot ? ['--no-sandbox', '--disable-gpu'] : ['--disable-gpu'] });
  const pictures = process.env.CAUSEWAY_PICTURES;
  const keep = async (page, name) => pictures && page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  const words = async (page) => (await page.locator('body').innerText()).replace(/\s+/g, ' ');
  const me = async (page) => (await page.request.get(`${portal}/api/v1/me`, { maxRedirects: 0 })).json().catch(() => ({}));
  // From the portal's page to the button, and through whatever Gitea asks.
  async function signIn(page, name = 'Gitea') {
    await page.goto(`${portal}/account`);
    await page.getByRole('link', { name: `Continue with ${name}` }).click();
    const field = page.locator('#user_name');
    if (name === 'Gitea' && (await field.isVisible().catch(() => false))) {
      await keep(page, 'gitea-asks-who');
      await field.fill('ada');
      await page.locator('#password').fill(PASSWORD);
      await page.locator('form button[type=submit], form button:has-text("Sign In")').first().click();
    }
    const grant = page.locator('#authorize-app');
    if (name === 'Gitea' && (await grant.isVisible().catch(() => false))) {
      await keep(page, 'gitea-asks-whether');
      await grant.click();
    }
    await page.waitForURL((url) => url.href.startsWith(portal), { timeout: 20_000 });
  }

  const context = await browser.newContext();
  const page = await context.newPage();
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  await signIn(page);
  const ask = new URL(requests.find((url) => url.startsWith(known.authorization_endpoint)));
  saw('it asks with PKCE, state and nonce', ask.searchParams.get('code_challenge_method') === 'S256' && ask.searchParams.has('state') && ask.searchParams.has('nonce'), ask.searchParams.get('scope'));
  await keep(page, 'account');
  const came = await me(page);
  saw('a person comes in as their User, by a verified address', came.subject === 'user:default/ada-b', came.subject ?? (await words(page)));
  saw('an organisation\'s team is a Group of the catalog', JSON.stringify(came.teams) === '["group:default/berths"]', JSON.stringify(came.teams));
  saw('no code stands in the address at the end', page.url() === `${portal}/account`, page.url());

  await api('PUT', `/teams/${quays.id}/members/ada`);
  await api('DELETE', `/teams/${berths.id}/members/ada`);
  const moved = await until('groups follow', async () => ((await me(page)).teams ?? []).join() === 'group:default/quays', 40).catch(() => false);
  saw('groups follow while the session lasts, by refresh', moved, JSON.stringify((await me(page)).teams));

  server.end();
  await until('Gitea is gone', async () => !(await fetch(`${provider}/api/healthz`).then(() => true, () => false)), 30);
  saw('a Gitea that is down changes nothing for who is in', (await me(page)).subject === 'user:default/ada-b');
  const gone = (at) => until('it is gone', async () => !(await fetch(at).then(() => true, () => false)), 30);
  causewayServer.end();
  await gone(`${portal}/readyz`);
  causewayServer = await serve(causeway, here, asked);
  saw('nor does a portal that starts while it is down', (await me(page)).subject === 'user:default/ada-b');
  const late = await (await browser.newContext()).newPage();
  await late.goto(`${portal}/account`);
  await late.getByRole('link', { name: 'Continue with Gitea' }).click();
  await keep(late, 'gitea-is-down');
  saw('who comes then is told that it does not answer', /Gitea does not answer as it should/.test(await words(late)), await words(late));
  await signIn(late, 'Other');
  saw('and comes in by the other provider, as the same User', (await me(late)).subject === 'user:default/ada-b', JSON.stringify((await me(late)).teams));
  server = serveGitea();
  await isReady();
  const leads = async () => (await fetch(`${portal}/auth/start/gitea`, { redirect: 'manual' })).headers.get('location')?.startsWith(provider);
  saw('a Gitea that is back is asked again by itself', await until('Gitea is asked again', leads, 30).catch(() => false));

  await page.goto(`${portal}/account`);
  await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click();
  await page.waitForLoadState();
  await keep(page, 'signed-out');
  saw('signing out says that Gitea may still know them', /still be signed in at Gitea/.test(await words(page)), await words(page));
  await page.goto(`${portal}/account`);
  saw('the session is over', /Continue with Gitea/.test(await words(page)));
  await signIn(page);
  saw('whoever comes again is let in without a password, as Gitea still knows them', (await me(page)).subject === 'user:default/ada-b');

  // Whoever is not in the catalog.
  user('grace');
  const unknown = await (await browser.newContext()).newPage();
  await unknown.goto(`${provider}/user/login`);
  await unknown.locator('#user_name').fill('grace');
  await unknown.locator('#password').fill(PASSWORD);
  await unknown.locator('form button').first().click();
  await unknown.waitForLoadState();
  await signIn(unknown);
  await keep(unknown, 'nobody-was-found');
  saw('whom the catalog does not know is told what came and what to do', /grace@saltmarsh\.example/.test(await words(unknown)) && /What an administrator can do/.test(await words(unknown)));

  causewayServer.end();
  await gone(`${portal}/readyz`);
  causewayServer = await serve(causeway, here, { ...asked, environment: { ...secrets, GITEA_SECRET: 'wrong' } });
  const wrong = await (await browser.newContext({ storageState: await context.storageState() })).newPage();
  await wrong.context().clearCookies({ domain: '127.0.0.1', name: /causeway/ });
  await signIn(wrong);
  await keep(wrong, 'wrong-secret');
  saw('a wrong secret is said to be one', /does not accept how this portal is set up/.test(await words(wrong)), await words(wrong));
  saw('and ends nobody\'s session', (await me(page)).subject === 'user:default/ada-b');
  await browser.close();
});
