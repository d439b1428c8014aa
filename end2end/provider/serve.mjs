// A certified OpenID provider without pages: whoever comes is signed in at once, as the person that was wished for.
//
// It prints its address. `POST /control` changes what it does next; `POST /sign` signs claims as a pipeline's issuer would.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { SignJWT, decodeJwt, exportJWK, generateKeyPair } from 'jose';

const person = (sub, name, groups, more = {}) => ({
  sub,
  name,
  preferred_username: sub,
  email: `${sub}@saltmarsh.example`,
  email_verified: true,
  groups,
  ...more,
});
const people = {
  ada: person('ada', 'Ada Byron', ['/berths']),
  grace: person('grace', 'Grace Hopper', ['quays']),
  mallory: person('mallory', 'Mallory', [], { email: 'ada@saltmarsh.example', email_verified: false }),
  stranger: person('stranger', 'A stranger', []),
  vera: person('vera', 'Vera', []),
  petra: person('petra', 'Petra', []),
  adam: person('adam', 'Adam', []),
  asa: person('asa', 'Åse Ødegård', []),
  // As long as a name may be of somebody who is in no catalog.
  ['n'.repeat(60)]: person('n'.repeat(60), 'Nora', []),
};

const wish = { secret: 'a-secret-that-is-only-used-by-tests', account: 'ada', cancel: false, spoil: null, down: false, gone: [], redirects: [], afterwards: [] };
let [issuer, provider, key] = [];

async function renew() {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const kid = `key-${Math.random().toString(36).slice(2)}`;
  key = { privateKey, kid, jwk: { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' } };
}

function rebuild() {
  provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'causeway',
        client_secret: wish.secret,
        redirect_uris: wish.redirects.length ? wish.redirects : ['http://127.0.0.1/nowhere'],
        post_logout_redirect_uris: wish.afterwards,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [key.jwk] },
    cookies: { keys: ['only-used-by-tests'] },
    scopes: ['openid', 'profile', 'email', 'groups', 'offline_access'],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'], groups: ['groups'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: async () => true,
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3600, IdToken: 600, Interaction: 600, RefreshToken: 3600, Session: 3600 },
    async findAccount(_ctx, id) {
      if (wish.gone.includes(id) || !people[id]) return undefined;
      return { accountId: id, claims: async () => people[id] };
    },
    async loadExistingGrant(ctx) {
      const { client, session } = ctx.oidc;
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid profile email groups offline_access');
      await grant.save();
      return grant;
    },
  });
  provider.use(async (ctx, next) => {
    await next();
    if (wish.spoil && ctx.oidc?.route === 'token' && ctx.body?.id_token) {
      const claims = decodeJwt(ctx.body.id_token);
      const now = Math.floor(Date.now() / 1000);
      const spoilt = {
        nonce: { ...claims, nonce: 'of-another-sign-in' },
        expired: { ...claims, iat: now - 7200, exp: now - 3600 },
        future: { ...claims, iat: now + 3600, exp: now + 7200 },
        // By clocks that differ as those of servers do.
        slow: { ...claims, iat: now - 630, exp: now - 30 },
        fast: { ...claims, iat: now + 30, exp: now + 630 },
        audience: { ...claims, aud: 'somebody-else' },
        issuer: { ...claims, iss: 'https://elsewhere.example' },
        signature: claims,
      }[wish.spoil];
      ctx.body.id_token = await signed(spoilt);
      if (wish.spoil === 'signature') ctx.body.id_token = `${ctx.body.id_token.slice(0, -8)}AAAAAAAA`;
    }
  });
}

const signed = (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.kid, typ: 'JWT' }).sign(key.privateKey);

async function text(request) {
  let all = '';
  for await (const piece of request) all += piece;
  return all;
}

async function control(request, response) {
  // Groups, address and login are those of the account that is wished for.
  const { rotate, groups, email, login, ...rest } = JSON.parse(await text(request));
  Object.assign(wish, rest);
  const said = { groups, email, email_verified: email ? true : undefined, preferred_username: login };
  for (const [claim, value] of Object.entries(said)) if (value) people[wish.account][claim] = value;
  if (rotate) await renew();
  // A new one knows nothing of what the one before gave out.
  if (rotate || rest.redirects || rest.secret) rebuild();
  response.end();
}

async function interact(request, response) {
  const details = await provider.interactionDetails(request, response);
  const result = wish.cancel
    ? { error: 'access_denied', error_description: 'the person went back' }
    : { [details.prompt.name]: details.prompt.name === 'login' ? { accountId: wish.account } : {} };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const server = createServer(async (request, response) => {
  try {
    if (request.url === '/control') return await control(request, response);
    if (request.url === '/sign') return response.end(await signed({ iss: issuer, ...JSON.parse(await text(request)) }));
    if (wish.down) {
      response.statusCode = 503;
      return response.end('down');
    }
    if (request.url.startsWith('/interaction/')) return await interact(request, response);
    return await provider.callback()(request, response);
  } catch (error) {
    response.statusCode = 500;
    return response.end(String(error.stack));
  }
});

await renew();
server.listen(0, '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  rebuild();
  console.log(issuer);
});
// It lives as long as the tests do: when they end, however they end, their end of the pipe closes.
process.stdin.on('end', () => process.exit(0)).resume();
