/** Requests, as the person whose cookie the browser sends. */

const TIMEOUT = 10_000; // ms
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
  #onSignedOut;

  constructor(csrfToken, env, onSignedOut) {
    this.#csrfToken = csrfToken;
    this.#env = env;
    this.#onSignedOut = onSignedOut;
  }

  get(url, parameters = {}) {
    const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== false && value !== "");
    return this.#request("GET", given.length ? `${url}?${new URLSearchParams(given)}` : url);
  }

  post(url, body, timeout) {
    return this.#request("POST", url, body, timeout);
  }

  async #request(method, url, body, timeout = TIMEOUT) {
    const response = await this.#env.fetch(url, {
      method,
      credentials: "same-origin",
      cache: "no-store", // the browser's own would outlive the login
      headers: {
        Accept: "application/json",
        ...(body && { "Content-Type": "application/json" }),
        ...(method === "POST" && { "X-CSRFToken": this.#csrfToken() }),
      },
      body: body && JSON.stringify(body),
      keepalive: Boolean(body), // a click that marks read also leaves the page
      signal: AbortSignal.timeout(timeout),
    });
    if (response.ok) return response.status === 204 ? null : response.json();
    if (response.status === 401) this.#onSignedOut();
    const { code, detail } = (await response.json().catch(() => null)) ?? {};
    throw new ClarionError(response.status, code, typeof detail === "string" ? detail : undefined, this.#retryAfter(response));
  }

  /** `Retry-After` in milliseconds from now, 0 without one: it is in seconds, or a date. */
  #retryAfter(response) {
    const value = response.headers?.get("Retry-After");
    if (!value) return 0;
    const wait = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - this.#env.now();
    return Math.min(Math.max(wait, 0), LONGEST_RETRY) || 0;
  }
}
