import { err, ok, type Result } from '../base/result.ts';

export interface MessageType {
  readonly fields: ReadonlyMap<number, { readonly name: string; readonly type: string }>;
}

/** What a `.proto` declares, by full name. Types of fields are full names where they are messages or enums of the file. */
export interface ProtoFile {
  readonly messages: ReadonlyMap<string, MessageType>;
  readonly enums: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** What a method takes and returns, `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, { readonly input: string; readonly output: string }>;
}

const textCharsMax = 1024 * 1024;
const declarationsMax = 10_000;

interface OpenField {
  readonly number: number;
  readonly name: string;
  readonly type: string;
}

/** The part of proto2 and proto3 that says what lies on the wire. Never throws. */
export function parseProto(text: string): Result<ProtoFile, string> {
  if (text.length > textCharsMax) return err('The .proto is longer than 1 MiB.');
  const parser = new ProtoParser(tokensOf(text));
  const fault = parser.run();
  return fault === null ? ok(parser.file()) : err(fault);
}

function tokensOf(text: string): readonly string[] {
  const bare = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ');
  return bare.match(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[\w.]+|[^\s\w]/g) ?? [];
}

class ProtoParser {
  readonly #tokens: readonly string[];
  #at = 0;
  #package = '';
  #declarations = 0;
  readonly #messages = new Map<string, OpenField[]>();
  readonly #enums = new Map<string, Map<number, string>>();
  readonly #methods = new Map<string, { readonly input: string; readonly output: string }>();

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  /** What is wrong with it; null: nothing. */
  run(): string | null {
    while (this.#at < this.#tokens.length) {
      const word = this.#next();
      let fault: string | null = null;
      if (word === 'package') {
        this.#package = this.#next();
        this.#skipStatement();
      } else if (word === 'message') fault = this.#message(this.#package, 0);
      else if (word === 'enum') fault = this.#enum(this.#package);
      else if (word === 'service') fault = this.#service();
      else this.#skipStatement();
      if (fault !== null) return fault;
    }
    return null;
  }

  file(): ProtoFile {
    const messages = new Map<string, MessageType>();
    for (const [name, fields] of this.#messages) {
      const resolved = fields.map(
        ({ number, name: field, type }) => [number, { name: field, type: this.#resolve(type, name) }] as const,
      );
      messages.set(name, { fields: new Map(resolved) });
    }
    const methods = [...this.#methods].map(
      ([path, { input, output }]) =>
        [path, { input: this.#resolve(input, this.#package), output: this.#resolve(output, this.#package) }] as const,
    );
    return { messages, enums: this.#enums, methods: new Map(methods) };
  }

  /** A name is looked for from the inside outwards. */
  #resolve(type: string, scope: string): string {
    if (type.startsWith('.')) return type.slice(1);
    const parts = scope === '' ? [] : scope.split('.');
    for (let depth = parts.length; depth >= 0; depth--) {
      const full = [...parts.slice(0, depth), type].join('.');
      if (this.#messages.has(full) || this.#enums.has(full)) return full;
    }
    return type;
  }

  #message(scope: string, depth: number): string | null {
    if (depth > 32 || ++this.#declarations > declarationsMax) return 'The .proto declares too much.';
    const name = join(scope, this.#next());
    if (this.#next() !== '{') return `message ${name} has no {.`;
    const fields: OpenField[] = [];
    this.#messages.set(name, fields);
    let open = 1;
    while (open > 0) {
      const word = this.#next();
      if (word === '') return `message ${name} has no end.`;
      if (word === '}') open--;
      else if (word === 'message') {
        const fault = this.#message(name, depth + 1);
        if (fault !== null) return fault;
      } else if (word === 'enum') {
        const fault = this.#enum(name);
        if (fault !== null) return fault;
      } else if (word === 'oneof') {
        this.#at++;
        if (this.#next() !== '{') return `A oneof of ${name} has no {.`;
        open++;
      } else if (word === 'option' || word === 'reserved' || word === 'extensions') this.#skipStatement();
      else if (word !== ';') {
        const fault = this.#field(word, { name, fields });
        if (fault !== null) return fault;
      }
    }
    return null;
  }

  #field(first: string, of: { readonly name: string; readonly fields: OpenField[] }): string | null {
    if (++this.#declarations > declarationsMax) return 'The .proto declares too much.';
    let type = ['repeated', 'optional', 'required'].includes(first) ? this.#next() : first;
    if (type === 'map') {
      this.#skipTo('>');
      type = 'map entry';
    }
    const name = this.#next();
    const equals = this.#next();
    const number = Number(this.#next());
    if (equals !== '=' || !Number.isInteger(number) || number < 1)
      return `In message ${of.name}: ${JSON.stringify(`${type} ${name}`.slice(0, 80))} is no field.`;
    of.fields.push({ number, name, type });
    this.#skipStatement();
    return null;
  }

  #enum(scope: string): string | null {
    const name = join(scope, this.#next());
    if (this.#next() !== '{') return `enum ${name} has no {.`;
    const values = new Map<number, string>();
    this.#enums.set(name, values);
    for (;;) {
      const word = this.#next();
      if (word === '') return `enum ${name} has no end.`;
      if (word === '}') return null;
      if (++this.#declarations > declarationsMax) return 'The .proto declares too much.';
      if (word !== 'option' && word !== 'reserved' && word !== ';') {
        this.#at++;
        const sign = this.#tokens[this.#at] === '-' ? -1 : 1;
        if (sign < 0) this.#at++;
        values.set(sign * Number(this.#next()), word);
      }
      if (word !== ';') this.#skipStatement();
    }
  }

  #service(): string | null {
    const service = join(this.#package, this.#next());
    if (this.#next() !== '{') return `service ${service} has no {.`;
    for (let open = 1; ;) {
      const word = this.#next();
      if (word === '') return `service ${service} has no end.`;
      if (word === '{') open++;
      // Of a method's options, or of the service.
      if (word === '}') open -= 1;
      if (open === 0) return null;
      if (word !== 'rpc') continue;
      if (++this.#declarations > declarationsMax) return 'The .proto declares too much.';
      const method = this.#next();
      const input = this.#messageIn();
      this.#skipTo('returns');
      this.#methods.set(`/${service}/${method}`, { input, output: this.#messageIn() });
    }
  }

  /** `(stream X)`. */
  #messageIn(): string {
    this.#at++;
    const first = this.#next();
    const type = first === 'stream' ? this.#next() : first;
    this.#at++;
    return type;
  }

  /** To behind the next `;`, or behind a block. */
  #skipStatement(): void {
    for (let depth = 0; this.#at < this.#tokens.length;) {
      const token = this.#next();
      if (token === '{') depth++;
      if (token === '}') depth--;
      if (depth < 0) {
        // The end of what the statement is in.
        this.#at--;
        return;
      }
      if (depth === 0 && (token === ';' || token === '}')) return;
    }
  }

  #skipTo(token: string): void {
    while (this.#at < this.#tokens.length && this.#next() !== token);
  }

  #next(): string {
    return this.#tokens[this.#at++] ?? '';
  }
}

function join(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}
