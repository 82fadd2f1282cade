/** Requests, as the person whose cookie the browser sends, or who a token is for. */

const TIMEOUT = 10_000; // ms
const TOKEN_MARGIN = 30_000; // ms before its end that a token is not shown any more
const LONGEST_RETRY = 600_000; // ms; whoever is told to wait longer asks again all the same

/** An HTTP request that was refused: `status`, the server's `code` where it gave one, and after how many ms to try again. */
export class ClarionError extends Error {
  constructor(status, code = "", detail = "", retryAfter = 0) {
    super(detail || code || `HTTP ${status}`);
    this.name = "ClarionError";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export class Http {
  #env;
  #csrfToken;
  #csrfHeader;
  #getToken;
  #login; // a function: which login it is, as a number
  #onSignedOut;
  #token = null; // a promise of `{token, until}`, for all who ask meanwhile
  #latest = null; // the token that it gave

  constructor({ csrfToken, csrfHeader, getToken }, env, login, onSignedOut) {
    this.#csrfToken = csrfToken;
    this.#csrfHeader = csrfHeader;
    this.#getToken = getToken;
    this.#env = env;
    this.#login = login;
    this.#onSignedOut = onSignedOut;
  }

  /** The token to show, or null where cookies tell who is here. Rejects as `getToken` does, and if it has none to give. */
  async token() {
    if (!this.#getToken) return null;
    this.#token ??= this.#fetchToken();
    const asked = this.#token;
    try {
      const { token, until } = await asked;
      if (this.#env.now() < until) return token;
    } catch (error) {
      this.#drop(asked);
      throw error;
    }
    this.#drop(asked);
    return this.token();
  }

  /** The server does not want it any more; there may be a newer one. */
  forgetToken(token) {
    if (token === this.#latest) this.#token = this.#latest = null;
  }

  async #fetchToken() {
    const late = () => new Promise((_, reject) => this.#env.setTimeout(() => reject(new ClarionError(0, "timeout")), TIMEOUT));
    const given = await Promise.race([this.#getToken(), late()]); // in this order: the first may throw
    if (!given) {
      this.#onSignedOut();
      throw new ClarionError(401, "unauthorized", "There is no token.");
    }
    if (typeof given.token !== "string" || !given.token) throw new ClarionError(0, "no_token", "getToken gave no token.");
    // At least for what it was fetched for, however short-lived, and if nobody says how long.
    const lasts = Number(given.expires_in) * 1_000 || 0;
    this.#latest = given.token;
    return { token: given.token, until: this.#env.now() + Math.max(lasts - TOKEN_MARGIN, 1_000) };
  }

  #drop(asked) {
    if (this.#token === asked) this.#token = null;
  }

  get(url, parameters = {}) {
    const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== false && value !== "");
    return this.#request("GET", given.length ? `${url}?${new URLSearchParams(given)}` : url);
  }

  post(url, body, timeout) {
    return this.#request("POST", url, body, timeout);
  }

  async #request(method, url, body, timeout = TIMEOUT) {
    const login = this.#login();
    // Without tokens at once: whoever clicked may be leaving the page.
    const token = this.#getToken && (await this.token());
    let response = await this.#fetch(token, method, url, body, timeout);
    if (response.status === 401 && token) {
      // Revoked, or the clock was set meanwhile: a new one tells.
      this.forgetToken(token);
      response = await this.#fetch(await this.token(), method, url, body, timeout);
    }
    if (response.ok) return response.status === 204 ? null : response.json();
    // Of an earlier login it is no news: there may be a new one.
    if (response.status === 401 && login === this.#login()) this.#onSignedOut();
    const { code, detail } = (await response.json().catch(() => null)) ?? {};
    throw new ClarionError(response.status, code, typeof detail === "string" ? detail : undefined, this.#retryAfter(response));
  }

  #fetch(token, method, url, body, timeout) {
    return this.#env.fetch(url, {
      method,
      credentials: token ? "omit" : "same-origin",
      cache: "no-store", // the browser's own would outlive the login
      headers: {
        Accept: "application/json",
        ...(body && { "Content-Type": "application/json" }),
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(!token && method === "POST" && { [this.#csrfHeader]: this.#csrfToken() }),
      },
      body: body && JSON.stringify(body),
      keepalive: Boolean(body), // a click that marks read also leaves the page
      signal: AbortSignal.timeout(timeout),
    });
  }

  /** `Retry-After` in milliseconds from now, 0 without one: it is in seconds, or a date. */
  #retryAfter(response) {
    const value = response.headers?.get("Retry-After");
    if (!value) return 0;
    const wait = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - this.#env.now();
    return Math.min(Math.max(wait, 0), LONGEST_RETRY) || 0;
  }
}
