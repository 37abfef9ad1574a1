import { EngineError } from '../errors.js';

/** A word of a text and the column where it begins, from 1 on. */
export interface Word {
  readonly text: string;
  readonly column: number;
}

/** Reads a line of text word by word; spaces between words mean nothing. */
export class TextScanner {
  readonly #text: string;
  readonly #what: string;
  #position = 0;

  /** @param what the line is, for messages: `the text form of an attack` */
  constructor(text: string, what: string) {
    this.#text = text;
    this.#what = what;
  }

  /** Column of what comes next, from 1 on. */
  get column(): number {
    this.#skipSpaces();
    return this.#position + 1;
  }

  get isAtEnd(): boolean {
    return this.column > this.#text.length;
  }

  /** All that is left, without spaces around it. */
  rest(): Word {
    const column = this.column;
    const text = this.#text.slice(this.#position).trim();
    this.#position = this.#text.length;
    return { text, column };
  }

  /** Takes `symbol` if it comes next. */
  skip(symbol: string): boolean {
    this.#skipSpaces();
    if (!this.#text.startsWith(symbol, this.#position)) return false;
    this.#position += symbol.length;
    return true;
  }

  expect(symbol: string): void {
    if (!this.skip(symbol)) this.fail(`\`${symbol}\``);
  }

  /** A name of letters, digits, `.`, `_` and `-`. */
  word(what: string): Word {
    return this.#take(/[A-Za-z0-9][A-Za-z0-9._-]*/y) ?? this.fail(what);
  }

  /** A decimal number. */
  number(): number {
    const word = this.#take(/[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y) ?? this.fail('a number');
    return Number(word.text);
  }

  /** What stands between parentheses, separated by commas; nothing without parentheses. */
  list<Item>(item: () => Item): readonly Item[] {
    if (!this.skip('(') || this.skip(')')) return [];
    const items = [item()];
    while (this.skip(',')) items.push(item());
    if (!this.skip(')')) this.fail('`,` or `)`');
    return items;
  }

  expectEnd(what: string): void {
    if (!this.isAtEnd) this.fail(what);
  }

  /** @throws EngineError `INVALID_OPTION`. Thrown always. */
  fail(expected: string, column = this.column, got = this.#next(column)): never {
    const text = `expected ${expected} at column ${column} of ${this.#what}, got ${got}: ${this.#text}`;
    throw new EngineError('INVALID_OPTION', text, { metadata: { column: String(column) } });
  }

  #next(column: number): string {
    const rest = this.#text.slice(column - 1);
    return rest === '' ? 'the end' : (/^[\w.-]+/.exec(rest)?.[0] ?? `\`${rest[0]}\``);
  }

  #take(pattern: RegExp): Word | undefined {
    const column = this.column;
    pattern.lastIndex = this.#position;
    const [text] = pattern.exec(this.#text) ?? [];
    if (text === undefined) return undefined;
    this.#position += text.length;
    return { text, column };
  }

  #skipSpaces(): void {
    while (/\s/.test(this.#text[this.#position] ?? '')) this.#position++;
  }
}
