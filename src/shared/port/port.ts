/**
 * All that the renderer knows of the world: a two-way pipe of structured-clonable messages. A MessagePort in Electron, a
 * WebSocket in browser mode; who uses it cannot tell which.
 */
export interface Port {
  post(message: unknown): void;
  /** One listener, set by whoever is given the port before it returns: no message can have come until then. */
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: (reason: string) => void): void;
  close(reason: string): void;
}
