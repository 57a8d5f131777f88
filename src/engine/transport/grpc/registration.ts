import { reinstall, type TransportRegistration } from '../registration.ts';
import { GrpcTransport } from './grpc-transport.ts';

export const grpc: TransportRegistration = {
  make: ({ clock, entropy, identity }) => new GrpcTransport({ clock, entropy, identity }),
  check: {
    what: 'gRPC',
    required: false,
    fix: reinstall,
    find: async ({ versionOf }) => {
      await import('@grpc/grpc-js');
      return `grpc-js ${versionOf('@grpc/grpc-js')}`;
    },
  },
  furtherChecks: [],
};
