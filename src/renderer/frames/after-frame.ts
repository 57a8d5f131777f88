const afterwards = new Map<number, () => void>();
let channel: MessageChannel | undefined;
let latest = 0;

/** A task of its own: asked for in an animation frame, it comes after the style, layout and paint of that frame. */
export function afterFrame(callback: () => void): void {
  if (channel === undefined) {
    channel = new MessageChannel();
    channel.port1.onmessage = (event: MessageEvent<number>) => {
      const task = afterwards.get(event.data);
      afterwards.delete(event.data);
      task?.();
    };
  }
  afterwards.set(++latest, callback);
  channel.port2.postMessage(latest);
}
