/**
 * RTPS participants tell each other in their discovery data at which addresses they can be reached: a relay has to put its
 * own ports there. Only those ports are touched, in place; everything else, and whatever is not understood, passes as it is.
 * (OMG DDSI-RTPS 2.3: message 8.3.3, submessages 9.4.5, parameter lists 9.4.2.11 and 9.6.2.)
 */

const headerBytes = 20;
const submessageHeaderBytes = 4;
const dataSubmessage = 0x15;
const padSubmessage = 0x01;
const timestampSubmessage = 0x09;
/** Flags of a submessage; of DATA: with inline QoS, with data. */
const littleEndian = 0x01;
const withInlineQos = 0x02;
const withData = 0x04;

/** Writers of participants, topics, publications and subscriptions. */
const discoveryWriters: ReadonlySet<number> = new Set([0x000100c2, 0x000002c2, 0x000003c2, 0x000004c2]);
/** Parameter list, big- and little-endian. */
const parameterLists: ReadonlySet<number> = new Set([0x0002, 0x0003]);
const sentinel = 0x0001;
/** unicast, default unicast, metatraffic unicast. */
const unicastLocators: ReadonlySet<number> = new Set([0x002f, 0x0031, 0x0032]);
const locatorBytes = 24;
const udpV4 = 1;

export interface PortPlace {
  readonly host: string;
  readonly port: number;
  /** Puts another port in its place. */
  readonly replace: (port: number) => void;
}

/** The ports of UDP addresses in a datagram's discovery data; none in one that is not RTPS. */
export function locatorsIn(bytes: Buffer): readonly PortPlace[] {
  if (bytes.length < headerBytes || bytes.toString('latin1', 0, 4) !== 'RTPS') return [];
  const places: PortPlace[] = [];
  for (let at = headerBytes; at + submessageHeaderBytes <= bytes.length;) {
    const [kind, flags] = [bytes[at], bytes[at + 1] as number];
    const start = at + submessageHeaderBytes;
    const told = uint16(bytes, at + 2, (flags & littleEndian) !== 0);
    // A length of 0 means "to the end", but for those that are as short as that.
    const toEnd = told === 0 && kind !== padSubmessage && kind !== timestampSubmessage;
    const end = toEnd ? bytes.length : start + told;
    if (end > bytes.length) return places;
    if (kind === dataSubmessage) places.push(...inData(bytes.subarray(start, end), flags));
    at = end;
  }
  return places;
}

/** Extra flags 2, offset of what follows the fixed part 2, reader 4, writer 4, sequence number 8. */
function inData(data: Buffer, flags: number): PortPlace[] {
  const little = (flags & littleEndian) !== 0;
  if (data.length < 20 || (flags & withData) === 0 || !discoveryWriters.has(data.readUInt32BE(8))) return [];
  let at = 4 + uint16(data, 2, little);
  if ((flags & withInlineQos) !== 0) at = afterParameters(data, at, little);
  if (at + 4 > data.length || !parameterLists.has(data.readUInt16BE(at))) return [];
  return inParameters(data.subarray(at + 4), data.readUInt16BE(at) === 0x0003);
}

function inParameters(list: Buffer, little: boolean): PortPlace[] {
  const places: PortPlace[] = [];
  for (let at = 0; at + 4 <= list.length;) {
    const [id, length] = [uint16(list, at, little), uint16(list, at + 2, little)];
    const value = at + 4;
    if (id === sentinel || value + length > list.length) break;
    if (unicastLocators.has(id) && length === locatorBytes) {
      const place = inLocator(list.subarray(value, value + length), little);
      if (place !== null) places.push(place);
    }
    at = value + length;
  }
  return places;
}

/** Kind 4, port 4, address 16 of which IPv4 uses the last four. */
function inLocator(locator: Buffer, little: boolean): PortPlace | null {
  const kind = little ? locator.readInt32LE(0) : locator.readInt32BE(0);
  const port = little ? locator.readUInt32LE(4) : locator.readUInt32BE(4);
  if (kind !== udpV4 || port === 0 || port > 65_535) return null;
  return {
    host: locator.subarray(20, 24).join('.'),
    port,
    replace: (other) => {
      if (little) locator.writeUInt32LE(other, 4);
      else locator.writeUInt32BE(other, 4);
    },
  };
}

function afterParameters(data: Buffer, from: number, little: boolean): number {
  let at = from;
  while (at + 4 <= data.length) {
    const id = uint16(data, at, little);
    at += 4 + uint16(data, at + 2, little);
    if (id === sentinel) break;
  }
  return at;
}

function uint16(bytes: Buffer, at: number, little: boolean): number {
  return little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
}
