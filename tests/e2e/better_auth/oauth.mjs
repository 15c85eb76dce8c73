/** An OAuth client of the front end: signs a session's user in and returns the response of the token endpoint. */
const REDIRECT_URI = "https://client.example.com/callback";

/**
 * The whole authorization code flow, over Better Auth's own endpoints.
 *
 * @returns {Promise<object>} The token response: `id_token` and, for the resource `origin`, a JWT as `access_token`.
 */
export async function oauthTokens(auth, origin, headers) {
  const client = await createClient(auth, headers);
  const code = await authorize(auth, origin, headers, client);
  return exchange(auth, origin, client, code);
}

function createClient(auth, headers) {
  return auth.api.adminCreateOAuthClient({
    headers,
    body: {
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: "client_secret_post",
      require_pkce: false,
      skip_consent: true,
    },
  });
}

async function authorize(auth, origin, headers, client) {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: client.client_id,
    redirect_uri: REDIRECT_URI,
    scope: "openid",
    state: "state",
    resource: origin,
  });
  const response = await auth.handler(new Request(`${origin}/api/auth/oauth2/authorize?${query}`, { headers }));
  return new URL(response.headers.get("location")).searchParams.get("code");
}

async function exchange(auth, origin, client, code) {
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: REDIRECT_URI,
    client_id: client.client_id,
    client_secret: client.client_secret,
    resource: origin,
  });
  const response = await auth.handler(new Request(`${origin}/api/auth/oauth2/token`, { method: "POST", body }));
  return response.json();
}
