import { ByteReader, bytesOf, DecodeError, OutOfBytes } from './byte-reader.ts';
import { numpyRow } from './npy.ts';
import { arraysIn, isArray, isBlob, isDtype, isGlobal, textOf, valuesMax } from './pickle-values.ts';
import type { Blob, Dtype, Global, Value } from './pickle-values.ts';
import { shapeOf, type TensorRow } from './tensor-table.ts';

/**
 * A pickle of arrays is read, never run: only the functions by which NumPy makes an array and a type are known, and they are
 * not called but understood. Whatever else a pickle names is refused by its name.
 */
const arrayMakers: ReadonlySet<string> = new Set([
  'numpy.core.multiarray _reconstruct',
  'numpy._core.multiarray _reconstruct',
]);
const bufferMakers: ReadonlySet<string> = new Set([
  'numpy.core.numeric _frombuffer',
  'numpy._core.numeric _frombuffer',
]);
const harmless: ReadonlySet<string> = new Set([
  'numpy ndarray',
  'numpy dtype',
  'collections OrderedDict',
  '_codecs encode',
  ...arrayMakers,
  ...bufferMakers,
]);

const textBytesMax = 64 * 1024;
/** Bytes that come before their type is known are kept up to here... */
const keptBytesMax = 1024 * 1024;
/** ...and texts and bytes of one pickle in all: one text can be made bytes of again and again. */
const keptInAllBytesMax = 64 * 1024 * 1024;

export function looksLikePickle(start: Uint8Array): boolean {
  return start[0] === 0x80 && (start[1] ?? 0) >= 2 && (start[1] ?? 9) <= 5;
}

/**
 * Arrays of a pickle by their way in it (`state.layer1.weight`, `[0]`), read as its bytes come.
 * @throws DecodeError
 */
export async function readPickle(reader: ByteReader): Promise<readonly TensorRow[]> {
  const machine = new Machine(reader);
  const result = await machine.run();
  return arraysIn(result);
}

class Machine {
  readonly #reader: ByteReader;
  readonly #stack: Value[] = [];
  readonly #memo = new Map<number, Value>();
  #kept = 0;

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  async run(): Promise<Value> {
    for (let steps = 0; ; steps++) {
      if (steps > 20 * valuesMax || this.#stack.length > valuesMax || this.#memo.size > valuesMax)
        throw new DecodeError('The pickle is larger than what is read here.');
      const code = String.fromCharCode((await this.#reader.take(1))[0] as number);
      if (code === '.') return this.#pop();
      await this.#step(code);
    }
  }

  async #step(code: string): Promise<void> {
    const simple = constants.get(code);
    if (simple !== undefined) return this.#push(simple);
    switch (code) {
      case '\x80':
        return await this.#reader.skip(1);
      case '\x95':
        return await this.#reader.skip(8);
      case ']':
        return this.#push([]);
      case ')':
        return this.#push([]);
      case '}':
        return this.#push(new Map());
      case '(':
        return this.#push({ mark: true });
      case '0':
        this.#pop();
        return;
      case '2':
        return this.#push(this.#peek());
      case 'K':
        return this.#push(await this.#unsigned(1));
      case 'M':
        return this.#push(await this.#unsigned(2));
      case 'J':
        return this.#push((await this.#unsigned(4)) | 0);
      case '\x8a':
        return this.#push(await this.#long(await this.#unsigned(1)));
      case 'G':
        return this.#push(viewOf(await this.#reader.take(8)).getFloat64(0));
      case 'X':
        return this.#push(await this.#text(await this.#unsigned(4)));
      case '\x8c':
        return this.#push(await this.#text(await this.#unsigned(1)));
      case 'B':
        return await this.#blob(await this.#unsigned(4));
      case 'C':
        return await this.#blob(await this.#unsigned(1));
      case '\x8e':
      case '\x96':
        return await this.#blob(await this.#unsigned(8));
      case 'c':
        return this.#push(this.#known(await this.#line(), await this.#line()));
      case '\x93': {
        const name = this.#pop();
        const module = this.#pop();
        return this.#push(this.#known(textOf(module), textOf(name)));
      }
      case 'q':
        return void this.#memo.set(await this.#unsigned(1), this.#peek());
      case 'r':
        return void this.#memo.set(await this.#unsigned(4), this.#peek());
      case '\x94':
        return void this.#memo.set(this.#memo.size, this.#peek());
      case 'h':
        return this.#recall(await this.#unsigned(1));
      case 'j':
        return this.#recall(await this.#unsigned(4));
      default:
        return await this.#compose(code);
    }
  }

  /** What is made of values on the stack. */
  async #compose(code: string): Promise<void> {
    switch (code) {
      case 't':
        return this.#push(this.#toMark());
      case '\x85':
      case '\x86':
      case '\x87':
        return this.#push(this.#take(code.charCodeAt(0) - 0x84));
      case 'a': {
        const one = this.#pop();
        return this.#list().push(one) as unknown as void;
      }
      case 'e': {
        const many = this.#toMark();
        const list = this.#list();
        for (const one of many) list.push(one);
        return;
      }
      case 's': {
        const [key, value] = this.#take(2);
        return void this.#map().set(key as Value, value as Value);
      }
      case 'u': {
        const pairs = this.#toMark();
        const map = this.#map();
        for (let i = 0; i + 1 < pairs.length; i += 2) map.set(pairs[i] as Value, pairs[i + 1] as Value);
        return;
      }
      case 'R': {
        const given = this.#pop();
        return this.#push(await this.#call(this.#pop(), Array.isArray(given) ? given : []));
      }
      case 'b': {
        const state = this.#pop();
        return await this.#build(this.#peek(), Array.isArray(state) ? state : []);
      }
      default:
        throw new DecodeError(
          `The pickle has the instruction 0x${code.charCodeAt(0).toString(16)}, which no array needs.`,
        );
    }
  }

  async #call(made: Value, given: readonly Value[]): Promise<Value> {
    const name = isGlobal(made) ? made.global : '';
    if (arrayMakers.has(name)) return { array: null };
    if (name === 'numpy dtype') return { kind: textOf(given[0]).slice(0, 40), order: '' };
    if (name === 'collections OrderedDict') return new Map();
    if (bufferMakers.has(name)) return { array: await this.#ofBuffer(given) };
    // Text of protocol 2 in place of bytes: latin1 letters.
    if (name === '_codecs encode' && typeof given[0] === 'string') {
      this.#keep(given[0].length);
      const bytes = new Uint8Array(given[0].length);
      for (let i = 0; i < bytes.length; i++) bytes[i] = given[0].charCodeAt(i);
      return { blob: bytes.length, bytes, row: null };
    }
    throw new DecodeError(`The pickle calls ${JSON.stringify(name || 'what is no function')}, which is not done here.`);
  }

  async #ofBuffer([buffer, dtype, shape]: readonly Value[]): Promise<TensorRow> {
    const sides = shapeOf(shape, 'array');
    if (!isDtype(dtype)) throw new DecodeError('An array of the pickle has no type.');
    return await rowOf(isBlob(buffer) ? buffer : null, { dtype, shape: sides });
  }

  async #build(of: Value, state: readonly Value[]): Promise<void> {
    if (isDtype(of)) {
      of.order = typeof state[1] === 'string' ? state[1] : '';
      return;
    }
    if (!isArray(of)) throw new DecodeError('The pickle gives a state to what is no array.');
    const [, shape, dtype, , blob] = state;
    const sides = shapeOf(shape, 'array');
    if (!isDtype(dtype)) throw new DecodeError('An array of the pickle has no type.');
    const kept = isBlob(blob) ? blob : null;
    of.array = kept?.row ?? (await rowOf(kept, { dtype, shape: sides }));
  }

  /** Bytes: of an array whose type and shape stand before them, folded as they come. */
  async #blob(bytes: number): Promise<void> {
    const [shape, dtype] = [this.#stack.at(-3), this.#stack.at(-2)];
    if (isDtype(dtype) && Array.isArray(shape)) {
      const row = await numpyRow(this.#reader, { name: '', descr: descrOf(dtype), shape: shapeOf(shape, 'array') });
      return this.#push({ blob: bytes, bytes: null, row });
    }
    if (bytes <= keptBytesMax) this.#keep(bytes);
    if (bytes <= keptBytesMax)
      return this.#push({ blob: bytes, bytes: (await this.#reader.take(bytes)).slice(), row: null });
    await this.#reader.skip(bytes);
    this.#push({ blob: bytes, bytes: null, row: null });
  }

  #known(module: string, name: string): Global {
    const global = `${module} ${name}`;
    if (!harmless.has(global))
      throw new DecodeError(
        `The pickle names ${JSON.stringify(`${module}.${name}`.slice(0, 100))}, which no array needs. Nothing of it was run.`,
      );
    return { global };
  }

  #recall(key: number): void {
    const value = this.#memo.get(key);
    if (value === undefined) throw new DecodeError('The pickle speaks of what it has not said.');
    this.#push(value);
  }

  async #unsigned(bytes: number): Promise<number> {
    const raw = await this.#reader.take(bytes);
    const value = raw.reduceRight((sum, byte) => sum * 256 + byte, 0);
    if (!Number.isSafeInteger(value)) throw new DecodeError('A length in the pickle is too large to be true.');
    return value;
  }

  async #long(bytes: number): Promise<number> {
    if (bytes > 16) throw new DecodeError('A number in the pickle is too large.');
    const raw = await this.#reader.take(bytes);
    const value = raw.reduceRight((sum, byte) => sum * 256 + byte, 0);
    return (raw.at(-1) ?? 0) >= 0x80 ? value - 256 ** bytes : value;
  }

  async #text(bytes: number): Promise<string> {
    if (bytes > textBytesMax) throw new DecodeError(`A text in the pickle claims ${bytes} bytes.`);
    this.#keep(bytes);
    return new TextDecoder().decode(await this.#reader.take(bytes));
  }

  #keep(bytes: number): void {
    this.#kept += bytes;
    if (this.#kept > keptInAllBytesMax) throw new DecodeError('The pickle holds more text than what is read here.');
  }

  async #line(): Promise<string> {
    let line = '';
    while (line.length < 200) {
      const letter = String.fromCharCode((await this.#reader.take(1))[0] as number);
      if (letter === '\n') return line;
      line += letter;
    }
    throw new DecodeError('A name in the pickle is too long.');
  }

  #push(value: Value): void {
    this.#stack.push(value);
  }
  #pop(): Value {
    const value = this.#stack.pop();
    if (value === undefined) throw new DecodeError('The pickle takes more than it has put down.');
    return value;
  }
  #peek(): Value {
    const value = this.#stack.at(-1);
    if (value === undefined) throw new DecodeError('The pickle takes more than it has put down.');
    return value;
  }
  #take(count: number): Value[] {
    if (this.#stack.length < count) throw new DecodeError('The pickle takes more than it has put down.');
    return this.#stack.splice(this.#stack.length - count);
  }
  #toMark(): Value[] {
    const at = this.#stack.findLastIndex((value) => value !== null && typeof value === 'object' && 'mark' in value);
    if (at < 0) throw new DecodeError('The pickle takes more than it has put down.');
    const taken = this.#stack.splice(at);
    return taken.slice(1);
  }
  #list(): Value[] {
    const list = this.#peek();
    if (!Array.isArray(list)) throw new DecodeError('The pickle adds to what is no list.');
    return list;
  }
  #map(): Map<Value, Value> {
    const map = this.#peek();
    if (!(map instanceof Map)) throw new DecodeError('The pickle adds to what is no dictionary.');
    return map;
  }
}

const constants: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['N', null],
  ['\x88', true],
  ['\x89', false],
]);

async function rowOf(
  blob: Blob | null,
  { dtype, shape }: { readonly dtype: Dtype; readonly shape: readonly number[] },
): Promise<TensorRow> {
  const descr = descrOf(dtype);
  if (blob === null || blob.bytes === null) return { name: '', dtype: descr, shape, stats: null };
  try {
    return await numpyRow(new ByteReader(bytesOf(blob.bytes)), { name: '', descr, shape });
  } catch (error) {
    if (error instanceof OutOfBytes) throw new DecodeError('An array of the pickle is larger than its bytes.');
    throw error;
  }
}

function descrOf({ kind, order }: Dtype): string {
  return /^[<>|=]/.test(kind) ? kind : `${order}${kind}`;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
