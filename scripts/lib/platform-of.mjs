const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/**
 * The npm fields `os`, `cpu` and `libc` of a native package, read from its name, such as
 * `@chainsafe/libp2p-quic-linux-x64-gnu`; `undefined` when the name tells no platform.
 */
export function platformOf(name) {
  const words = name.slice(name.indexOf('/') + 1).split(/[-.]/);
  if (name === 'fsevents') return { os: ['darwin'] };
  if (words.includes('wasm32')) return { cpu: ['wasm32'] };
  const os = systems.find((system) => words.includes(system));
  if (!os) return undefined;
  const cpu = processors.find((processor) => words.includes(processor));
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined;
  return {
    ...(cpu ? { cpu: [cpu] } : {}),
    ...(os === 'linux' && libc ? { libc: [libc] } : {}),
    os: [os],
  };
}
