// Runs in the preload's isolated world, before the preload: what of `electron` a sandboxed preload may require, and the
// ends of channels that main has given to the page. `standInSend` is a binding of the DevTools protocol.
globalThis.standInBridge = ({ encode, decode, run }) => {
  const listeners = new Map();
  const ports = new Map();

  const send = (message) => globalThis.standInSend(JSON.stringify(message));

  function openPort(id) {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = (event) => send({ kind: 'port_message', port: id, data: encode(event.data) });
    port2.addEventListener('close', () => {
      if (ports.delete(id)) send({ kind: 'port_close', port: id });
    });
    ports.set(id, port2);
    return port1;
  }

  globalThis.standInReceive = (text) => {
    const message = JSON.parse(text);
    if (message.kind === 'ipc') {
      const event = { ports: message.ports.map(openPort) };
      for (const listener of listeners.get(message.channel) ?? []) listener(event, ...message.args.map(decode));
    } else if (message.kind === 'port_message') {
      ports.get(message.port)?.postMessage(decode(message.data));
    } else {
      const port = ports.get(message.port);
      ports.delete(message.port);
      port?.close();
    }
  };

  const ipcRenderer = {
    on(channel, listener) {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
      return ipcRenderer;
    },
  };

  run((name) => {
    if (name === 'electron') return { ipcRenderer };
    throw new Error(`a sandboxed preload cannot require ${name}`);
  });
};
