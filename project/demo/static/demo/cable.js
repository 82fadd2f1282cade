/** A network that can be cut, for one client of a page, and that shows what goes over it. */

const ABNORMAL = 1006; // what browsers say of a socket that ended without a word (RFC 6455, section 7.1.5)

export class Cable {
  #hear;
  #sockets = new Set();
  #isCut = false;

  /** `hear(direction, text)` is told of every frame, "in" or "out". */
  constructor(hear) {
    this.#hear = hear;
  }

  /** What `ClarionClient` needs of its surroundings, over this cable. */
  get environment() {
    return {
      openSocket: (url, protocols) => (this.#isCut ? unreachable() : this.#open(url, protocols)),
      fetch: (url, init) => (this.#isCut ? Promise.reject(new TypeError("The network is cut.")) : fetch(url, init)),
    };
  }

  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) {
      const { onclose } = socket;
      socket.onmessage = socket.onclose = null;
      socket.close();
      onclose?.({ code: ABNORMAL });
    }
    this.#sockets.clear();
  }

  mend() {
    this.#isCut = false;
  }

  #open(url, protocols) {
    const socket = new WebSocket(url, protocols);
    const send = socket.send.bind(socket);
    socket.send = (text) => {
      this.#hear("out", text);
      send(text);
    };
    socket.addEventListener("message", ({ data }) => this.#sockets.has(socket) && this.#hear("in", data));
    socket.addEventListener("close", () => this.#sockets.delete(socket));
    this.#sockets.add(socket);
    return socket;
  }
}

/** A socket that nothing answers. */
function unreachable() {
  const socket = { readyState: WebSocket.CLOSED, send() {}, close() {} };
  setTimeout(() => socket.onclose?.({ code: ABNORMAL }));
  return socket;
}
