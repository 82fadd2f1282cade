/** What docs/protocol.md says in numbers: the subprotocol, close codes, and when to come back. */

export const SUBPROTOCOL = "clarion.v1";

const BACKOFF_MIN = 500; // ms
const BACKOFF_MAX = 20_000; // ms

/**
 * How long to wait before connecting again: full jitter between half a second and a ceiling that doubles from 2 s to 20 s,
 * so that the clients of a server that went away do not come back as one.
 */
export function backoff(attempt, random = Math.random) {
  const ceiling = Math.min(BACKOFF_MAX, 2_000 * 2 ** Math.min(attempt, 10));
  return BACKOFF_MIN + random() * (ceiling - BACKOFF_MIN);
}

/** The codes this server closes with, as in notifications/wire/close_codes.py; a test compares the two. */
export const CLOSE_CODES = Object.freeze({
  service_restart: { number: 1012, reconnect: true },
  keepalive: { number: 1011, reconnect: true },
  try_again: { number: 1013, reconnect: true },
  token_expired: { number: 4001, reconnect: true },
  protocol_violation: { number: 4400, reconnect: false },
  signed_out: { number: 4401, reconnect: false },
  not_found: { number: 4404, reconnect: false },
  too_many: { number: 4429, reconnect: false },
});

/**
 * What a close code asks of us. Ranges decide, so that codes of later servers are understood: 4400-4499 say that coming back
 * cannot help; everything else is the network's or the server's doing.
 */
export function afterClose(code) {
  if (code === CLOSE_CODES.signed_out.number) return "signed_out";
  return code >= 4400 && code <= 4499 ? "stopped" : "reconnect";
}
