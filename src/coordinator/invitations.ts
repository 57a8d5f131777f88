import type { CoordinatorStart } from '#shared/contract/child-messages.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';
import type { Endpoint, PassTerms } from '#shared/contract/app/invitation.ts';
import { contractVersion } from '#shared/contract/messages.ts';
import type { Identity } from '#engine/identity/identity.ts';
import { encodeInvitation } from '#engine/identity/invitation.ts';
import { signedPass } from '#engine/identity/pass.ts';
import type { Admission } from '#engine/round/admission.ts';

export interface InvitationParts {
  readonly start: CoordinatorStart;
  readonly token: string;
  readonly identity: Identity;
  readonly endpoints: readonly Endpoint[];
}

/** Whom an invitation is for. `until`: wall ms. `broker`: its own user and password there, as a URL. */
export interface Invited {
  readonly name: ParticipantId;
  readonly until?: number;
  readonly broker?: string;
}

/** The invitations of a run, as what was decided about who takes part makes them. */
export class Invitations {
  readonly #parts: InvitationParts;
  readonly #admission: () => Admission;

  constructor(parts: InvitationParts, admission: () => Admission) {
    this.#parts = parts;
    this.#admission = admission;
  }

  /** How often the one for everybody was renewed. */
  get generation(): number {
    return this.#admission().generation;
  }

  /** The one for everybody. */
  get current(): string {
    return this.#encode(this.#parts.endpoints, { generation: this.generation });
  }

  /** One for a participant of that name alone. */
  for({ name, until, broker }: Invited): string {
    const terms = { generation: this.generation, name, ...(until === undefined ? {} : { until }) };
    return this.#encode(withBroker(this.#parts.endpoints, broker), terms);
  }

  #encode(endpoints: readonly Endpoint[], terms: PassTerms): string {
    const { start, token, identity } = this.#parts;
    const { run, settings, control, transport } = start;
    return encodeInvitation({
      version: contractVersion,
      run,
      name: settings.name,
      control,
      transport,
      identity: identity.peerId,
      endpoints: [...endpoints],
      token,
      pass: signedPass(identity, run, terms),
    });
  }
}

/** Each participant may be a user of its own at a broker elsewhere: what it may do there is then its own alone. */
function withBroker(endpoints: readonly Endpoint[], broker: string | undefined): readonly Endpoint[] {
  if (broker === undefined) return endpoints;
  return endpoints.map((endpoint) => (endpoint.url === undefined ? endpoint : { ...endpoint, url: broker }));
}
