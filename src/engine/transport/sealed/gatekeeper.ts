import { participantIdSchema } from '#shared/contract/ids.ts';
import type { Protocol } from '#shared/contract/protocols.ts';
import type { Identity } from '#engine/identity/identity.ts';
import { sameText } from '../shared/same-text.ts';
import { requestProof, sealedVersion, sessionKeys, signAnswer } from './handshake.ts';
import type { Answer, Claim, Request, SessionKeys } from './handshake.ts';
import { freshKeyShare } from './key-share.ts';

export interface GatekeeperParts {
  readonly protocol: Protocol;
  readonly run: string;
  readonly token: string;
  readonly identity: Identity;
}

export interface Granted {
  readonly keys: SessionKeys;
  readonly answer: Answer;
}

const sessionPattern = /^[0-9a-f]{16,64}$/;
const reasonCharsMax = 500;

/** The coordinator's side of a handshake: who may have a session, and what both are answered, signed. */
export class Gatekeeper {
  readonly #parts: GatekeeperParts;

  constructor(parts: GatekeeperParts) {
    this.#parts = parts;
  }

  /** Why this gets no session, as far as that costs little to find out; null: it has the invitation. */
  doubt(who: { readonly participant: string; readonly session: string }, request: Request): string | null {
    const { token, identity } = this.#parts;
    const { version, key, coordinator, proof } = request;
    if (version !== sealedVersion) return `it speaks version ${version}, this coordinator ${sealedVersion}`;
    if (!participantIdSchema.safeParse(who.participant).success || !sessionPattern.test(who.session))
      return 'its request for a session is malformed';
    const claim = this.#claim(who);
    if (!sameText(proof, requestProof(token, claim, { version, key, coordinator })))
      return 'it has no proof of the invitation to this run';
    // Its answer would not be believed: it is told of another key by the signature alone.
    if (coordinator !== identity.peerId)
      return 'its invitation names another key than the one that this coordinator has';
    return null;
  }

  /** A session for who has the invitation; else why not, in words for people. */
  check(who: { readonly participant: string; readonly session: string }, request: Request): Granted | string {
    const doubt = this.doubt(who, request);
    if (doubt !== null) return doubt;
    const { token, identity } = this.#parts;
    const { key, coordinator } = request;
    const claim = this.#claim(who);
    const own = freshKeyShare();
    const keys = sessionKeys('down', { own, offered: key, token, claim, coordinator });
    if (keys === null) return 'its half of the session key is none';
    const signature = signAnswer({ accept: own.offered }, claim, request, identity);
    return { keys, answer: { type: 'accept', key: own.offered, signature } };
  }

  refuse(
    who: { readonly participant: string; readonly session: string },
    request: Pick<Request, 'key'>,
    why: string,
  ): Answer {
    const reason = why.slice(0, reasonCharsMax);
    const signature = signAnswer({ refuse: reason }, this.#claim(who), request, this.#parts.identity);
    return { type: 'refuse', reason, signature };
  }

  #claim({ participant, session }: { readonly participant: string; readonly session: string }): Claim {
    const { protocol, run } = this.#parts;
    return { protocol, run, participant, session };
  }
}
