// An OpenID provider for the tests of a hub, on the npm package oidc-provider: sign-in form, PKCE,
// short tokens, rotation of refresh tokens that notices when one is used twice, token exchange
// (RFC 8693), groups.
//
//   node provider.mjs '{"host": "127.0.0.1", "port": 0, "life": 20, "redirects": ["http://…"]}'
//
// It prints its address when it listens. Opaque access tokens for the hub, signed ones (JWT) for the
// audience `s3`. POST /test/… is how a test makes it misbehave; GET /test/counts says what was asked.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider, errors } from 'oidc-provider';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const SCOPE = 'openid profile email groups';

const asked = {
  host: '127.0.0.1',
  port: 0,
  life: 60, // seconds of every token but the refresh tokens
  s3Life: 0, // seconds of the tokens for S3; 0: as the others
  redirects: [],
  people: {}, // name → groups
  audiences: ['s3'],
  ...JSON.parse(process.argv[2] ?? '{}')
};

/** What a test sees and changes. */
const seen = { refreshed: 0, refused: 0, exchanged: 0, signedIn: 0, asking: 0 };
const state = { away: false, slow: 0 };
const grants = new Map(); // user → ids of the grants

const server = createServer();
await new Promise(listening => server.listen(asked.port, asked.host, listening));
const issuer = `http://${asked.host}:${server.address().port}`;

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'k1' };
}

function claims(user) {
  return {
    sub: user,
    preferred_username: user,
    email: `${user}@example.org`,
    groups: asked.people[user]
  };
}

/** An API that tokens are for: JWTs that name it as their audience. */
function audience(name) {
  const accessTokenTTL = asked.s3Life || asked.life;
  return { scope: 'openid', audience: name, accessTokenTTL, accessTokenFormat: 'jwt' };
}

const provider = new Provider(issuer, {
  jwks: { keys: [signingKey()] },
  cookies: { keys: ['a key of the tests'] },
  clients: [
    {
      client_id: 'hub',
      client_secret: 'hub-secret',
      grant_types: ['authorization_code', 'refresh_token', EXCHANGE],
      redirect_uris: asked.redirects
    }
  ],
  scopes: [...SCOPE.split(' '), 'offline_access'],
  claims: {
    openid: ['sub'],
    profile: ['preferred_username'],
    email: ['email'],
    groups: ['groups']
  },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: () => true,
  ttl: {
    AccessToken: asked.life,
    IdToken: asked.life,
    RefreshToken: 1800,
    Session: 1800,
    Grant: 1800,
    Interaction: 600
  },
  findAccount: (_, user) => asked.people[user] && { accountId: user, claims: () => claims(user) },
  extraTokenClaims: (_, token) => {
    const { preferred_username, groups } = claims(token.accountId);
    return { preferred_username, groups };
  },
  interactions: { url: (_, interaction) => `/login/${interaction.uid}` },
  // Nobody is asked for consent.
  loadExistingGrant: async ctx => {
    const { client, session } = ctx.oidc;
    const grant = new ctx.oidc.provider.Grant({
      clientId: client.clientId,
      accountId: session.accountId
    });
    grant.addOIDCScope(`${SCOPE} offline_access`);
    const id = await grant.save();
    grants.set(session.accountId, [...(grants.get(session.accountId) ?? []), id]);
    return grant;
  },
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: () => {
        throw new errors.InvalidTarget();
      }
    }
  }
});

/** RFC 8693: the hub's token of somebody for one of theirs with another audience. */
async function exchange(ctx) {
  const { params, client } = ctx.oidc;
  const theirs = await provider.AccessToken.find(params.subject_token);
  if (params.subject_token_type !== ACCESS_TOKEN) {
    throw new errors.InvalidRequest('an access token is exchanged here, nothing else');
  }
  if (!theirs || theirs.isExpired || theirs.clientId !== client.clientId) {
    throw new errors.InvalidGrant('subject token refused');
  }
  if (!asked.audiences.includes(params.audience)) {
    throw new errors.InvalidTarget('audience not available');
  }
  const info = audience(params.audience);
  const token = new provider.AccessToken({
    accountId: theirs.accountId,
    client,
    grantId: theirs.grantId,
    gty: EXCHANGE,
    scope: 'openid'
  });
  token.resourceServer = new provider.ResourceServer(`urn:${params.audience}`, info);
  ctx.oidc.entity('AccessToken', token);
  ctx.body = {
    access_token: await token.save(),
    expires_in: info.accessTokenTTL,
    token_type: 'Bearer',
    issued_token_type: ACCESS_TOKEN
  };
  seen.exchanged += 1;
}

provider.registerGrantType(EXCHANGE, exchange, [
  'subject_token',
  'subject_token_type',
  'requested_token_type',
  'audience',
  'scope'
]);
provider.on('server_error', (_, error) => console.error(error.stack));
provider.on('grant.success', ctx => {
  seen.refreshed += ctx.oidc.params.grant_type === 'refresh_token' ? 1 : 0;
});
provider.on('grant.error', ctx => {
  seen.refused += ctx.oidc?.params?.grant_type === 'refresh_token' ? 1 : 0;
});

const FORM = `<!doctype html><html lang="en"><title>Sign in</title>
<style>body{font:16px sans-serif;max-width:20em;margin:4em auto}label,button{display:block;margin:1em 0}</style>
<h1>Sign in</h1><form method="post">
<label>User <input id="username" name="username" autofocus></label>
<label>Password <input id="password" name="password" type="password"></label>
<button name="login">Sign in</button></form></html>`;

async function signIn(request, response) {
  if (request.method === 'POST') {
    let body = '';
    for await (const piece of request) {
      body += piece;
    }
    const form = new URLSearchParams(body);
    const user = form.get('username');
    if (asked.people[user] && form.get('password') === `pw-${user}`) {
      seen.signedIn += 1;
      const result = { login: { accountId: user } };
      return provider.interactionFinished(request, response, result);
    }
  }
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(FORM);
}

/**
 * POST /test/away?on=1, /test/slow?seconds=2, /test/revoke?user=alice, /test/groups?user=alice&groups=a,b;
 * GET /test/counts.
 */
async function misbehave(url, response) {
  const said = url.searchParams;
  if (url.pathname === '/test/away') {
    state.away = said.get('on') === '1';
  } else if (url.pathname === '/test/slow') {
    state.slow = Number(said.get('seconds'));
  } else if (url.pathname === '/test/groups') {
    asked.people[said.get('user')] = said.get('groups').split(',').filter(Boolean);
  } else if (url.pathname === '/test/revoke') {
    for (const id of grants.get(said.get('user')) ?? []) {
      await provider.RefreshToken.revokeByGrantId(id);
    }
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(seen));
}

const answer = provider.callback();
server.on('request', async (request, response) => {
  const url = new URL(request.url, issuer);
  if (url.pathname.startsWith('/test/')) {
    return misbehave(url, response);
  }
  if (state.away) {
    return request.socket.destroy();
  }
  if (url.pathname === '/token' && state.slow) {
    // The hub asks so for renewals; whoever else exchanges tokens calls itself otherwise.
    const byHub = Number(request.headers['user-agent'] === 'JupyterHub');
    seen.asking += byHub;
    await new Promise(over => setTimeout(over, 1000 * state.slow));
    seen.asking -= byHub;
  }
  return url.pathname.startsWith('/login/') ? signIn(request, response) : answer(request, response);
});
console.log(issuer);
