import type { TransportRegistration } from '../registration.ts';
import { DdsTransport } from './dds-transport.ts';
import { libraryFix, libraryVariable } from './library.ts';
import { loadCyclone } from './worker/cyclone.ts';

export const dds: TransportRegistration = {
  make: ({ clock, entropy, identity, workerOf, impaired = false }) =>
    new DdsTransport({ clock, entropy, identity, worker: workerOf('dds'), impaired }),
  check: {
    what: 'DDS',
    required: false,
    fix: libraryFix,
    find: async ({ env }) => (await loadCyclone(env[libraryVariable])).path,
  },
  furtherChecks: [],
};
