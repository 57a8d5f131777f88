/** What the packets of a stack travel in; whoever blocks one may let the other through. */
export type PacketCarrier = 'UDP' | 'TCP' | 'memory';

/** How what a transport carries is kept from others, in one word, and what others on the way read all the same. */
export interface Secrecy {
  readonly word: 'encrypted' | 'sealed' | 'in memory';
  readonly text: string;
}

/** Who stands between the two ends by the nature of the protocol. */
export type Between =
  | { readonly kind: 'nobody' }
  /** Addresses of brokers are `SCHEME://…`, with TLS `SCHEMEs://…`; the ports are those of an address that names none. */
  | {
      readonly kind: 'broker';
      readonly scheme: string;
      readonly ports: { readonly clear: number; readonly tls: number };
    }
  /** Whoever is in the same domain. */
  | { readonly kind: 'domain' };

/** What the closed form of `engine/selection/expected-time.ts` needs to know. */
export interface ExpectedTraits {
  /** What slows it down on a lossy path; none: it sends at line rate and repairs. */
  readonly congestion: 'tcp' | 'quic' | 'none';
  /** Round trips before the first byte of a payload may leave on a fresh connection, our own hello not counted. */
  readonly handshakeRoundTrips: number;
  /** Fixed cost of connecting beside the round trips: processes, discovery. */
  readonly connectSeconds: number;
  /** Megabytes on their way that the receiver's credit allows. */
  readonly windowMB: number;
  /** Megabytes a second that one core moves when the network is no limit. */
  readonly processingMB: number;
}

/** The rules of `engine/selection/rules.ts`, from the surest reason to the vaguest. */
export type SelectionRuleName =
  | 'udp-blocked'
  | 'moving'
  | 'battery-low'
  | 'lossy'
  | 'narrow'
  | 'far-and-small'
  | 'near-and-large'
  | 'otherwise';

/** The themes in which colors are told; `system` is one of the first two. */
export type ColorTheme = 'light' | 'dark' | 'projector';

/**
 * What everybody but the engine knows of a transport: window, command line, invitations, choice of protocol. Data alone.
 * What carries the frames is its registration in `engine/transport/registry.ts`. Decision 0119.
 */
export interface TransportDescriptor<S extends string = string, P extends string = string> {
  /** As people write it; in commands, files and on screens it goes by its key in `registry.ts`. */
  readonly name: string;
  /** Its implementations, the usual one first, with what their packets travel in. */
  readonly stacks: Readonly<Record<S, PacketCarrier>>;
  /** What an endpoint of an invitation says who can dial it, with the stack that this comes to where UDP is blocked. */
  readonly providers: Readonly<Record<P, NoInfer<S>>>;
  readonly between: Between;
  readonly secrecy: Secrecy;
  /** What its packets or library tell whoever is on the way, beside addresses, sizes and times; null: nothing. */
  readonly alsoTells: { readonly what: string; readonly note: string } | null;
  /** Outline of its mark on a grid of 10: color is never alone. */
  readonly mark: string;
  /**
   * CSS colors: contrast of 3:1 or more to `--surface`, and at least 0.10 apart from each other in OKLab for normal,
   * protan, deutan and tritan sight.
   */
  readonly colors: Readonly<Record<ColorTheme, string>>;
  readonly expected: ExpectedTraits;
  /** Its place under each rule: the lowest that is offered is taken. In tens, so that others fit between. Null: never. */
  readonly preference: Readonly<Record<SelectionRuleName, number | null>>;
  /** What an emulated network forwards: the TCP and UDP of its port, or RTPS, whose packets hold addresses. */
  readonly relayed: 'port' | 'rtps';
  /** Whether it has a worker thread of its own, `engine/transport/KEY/worker/worker.ts`. */
  readonly worker: boolean;
}

/** Keeps the names of stacks and providers as types. */
export function transport<S extends string, P extends string>(
  descriptor: TransportDescriptor<S, P>,
): TransportDescriptor<S, P> {
  return descriptor;
}
