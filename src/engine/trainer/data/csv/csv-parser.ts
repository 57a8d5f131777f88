/** One line of a table, or several where a field in quotes has line breaks. */
export interface CsvRecord {
  /** Of its first line, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** What a record may take; a colored image of 512x512 as text has 3.1 million characters. */
const recordCharsMax = 8 * 1024 * 1024;
const fieldsMax = 1_000_000;

/** A text that is no table; `message` is said behind its name. */
export class CsvFault extends Error {
  override readonly name = 'CsvFault';
}

const lineFeed = 10;
const carriageReturn = 13;
const quoteSign = 34;

/**
 * Cuts text that comes in pieces into records (RFC 4180, and line ends of all systems), sign by sign: what is held is one
 * record. Empty lines are passed over, blanks around fields dropped, quotes in the middle of a field are signs like others.
 */
export class CsvParser {
  /** Until its first line is there it is not known what separates fields. */
  #head = '';
  #separator: number | undefined;
  #fields: string[] = [];
  /** Of the present field, what earlier pieces had of it. */
  #value = '';
  #where: 'plain' | 'in quotes' | 'at a quote' | 'behind quotes' = 'plain';
  #afterReturn = false;
  #chars = 0;
  #line = 1;
  #startLine = 1;

  /** Records that are complete. @throws CsvFault */
  push(piece: string): CsvRecord[] {
    if (this.#separator !== undefined) return this.#read(piece);
    this.#head += piece;
    this.#checkLength(this.#head.length);
    const end = /[\r\n]/.exec(this.#head.trimStart());
    if (end === null) return [];
    return this.#readHead();
  }

  /** What is left, where the text does not end with a line. @throws CsvFault */
  end(): CsvRecord[] {
    const records = this.#separator === undefined ? this.#readHead() : [];
    if (this.#where === 'in quotes')
      throw new CsvFault(`has quotes in the record of line ${this.#startLine} that are never closed`);
    this.#endRecord('', records);
    return records;
  }

  #readHead(): CsvRecord[] {
    const text = this.#head;
    this.#head = '';
    this.#separator = separatorOf(text.trimStart());
    return this.#read(text);
  }

  #read(piece: string): CsvRecord[] {
    const records: CsvRecord[] = [];
    let from = 0;
    let begun = 0;
    for (let i = 0; i < piece.length; i++) {
      const sign = piece.charCodeAt(i);
      if (this.#where === 'in quotes') {
        if (sign === lineFeed) this.#line++;
        if (sign !== quoteSign) continue;
        this.#value += piece.slice(from, i);
        this.#where = 'at a quote';
        from = i + 1;
        continue;
      }
      if (this.#where === 'at a quote') {
        if (sign === quoteSign) {
          this.#where = 'in quotes';
          from = i;
          continue;
        }
        this.#where = 'behind quotes';
      }
      if (sign === lineFeed && this.#afterReturn && i === from) from = i + 1;
      else if (sign === lineFeed || sign === carriageReturn) {
        this.#endRecord(piece.slice(from, i), records);
        from = i + 1;
        begun = from;
      } else if (sign === this.#separator) {
        this.#endField(piece.slice(from, i));
        from = i + 1;
      } else if (sign === quoteSign && this.#where === 'plain' && (this.#value + piece.slice(from, i)).trim() === '') {
        this.#value = '';
        this.#where = 'in quotes';
        from = i + 1;
      }
      this.#afterReturn = sign === carriageReturn;
    }
    const rest = piece.slice(from);
    this.#chars += piece.length - begun;
    this.#checkLength(this.#chars);
    if (this.#where !== 'behind quotes') this.#value += rest;
    return records;
  }

  #endField(rest: string): void {
    // What stands behind closing quotes is nothing that a table means.
    this.#fields.push(this.#where === 'plain' ? (this.#value + rest).trim() : this.#value);
    this.#value = '';
    this.#where = 'plain';
    if (this.#fields.length > fieldsMax)
      throw new CsvFault(`has more than ${fieldsMax} columns in line ${this.#startLine}`);
  }

  #endRecord(rest: string, records: CsvRecord[]): void {
    this.#endField(rest);
    const fields = this.#fields;
    if (fields.length > 1 || fields[0] !== '') records.push({ line: this.#startLine, fields });
    this.#fields = [];
    this.#chars = 0;
    this.#line++;
    this.#startLine = this.#line;
  }

  #checkLength(chars: number): void {
    if (chars <= recordCharsMax) return;
    throw new CsvFault(`has a record in line ${this.#startLine} that does not end within ${recordCharsMax} characters`);
  }
}

/** The commonest of the usual ones in the first line: where the comma is a decimal point, tables have semicolons. */
function separatorOf(text: string): number {
  const [header = ''] = text.split(/[\r\n]/, 1);
  const plain = header.replaceAll(/"[^"]*"/g, '');
  let [best, most] = [',', 0];
  for (const sign of [',', ';', '\t']) {
    const count = plain.split(sign).length - 1;
    if (count > most) [best, most] = [sign, count];
  }
  return best.charCodeAt(0);
}
