import type { Shape } from '../tensor/shape.js';
import type { ForwardNode } from './gradient-rule.js';
import { unsupported } from './unsupported.js';

/** What an `Einsum` means: a label for each axis. */
export interface EinsumEquation {
  readonly operands: readonly string[];
  readonly output: string;
  /** Length of the axes with each label. */
  readonly lengths: ReadonlyMap<string, number>;
  /** A label that is not in use. */
  readonly spare: string;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * The equation of an `Einsum`, with labels instead of an ellipsis, and with an output if it states none: then the labels that
 * come once, in alphabetical order.
 *
 * Spec: https://onnx.ai/onnx/operators/onnx__Einsum.html
 *
 * @throws EngineError `UNSUPPORTED_OP`. Thrown for an operand with a label twice (a diagonal).
 */
export function einsumEquation(node: ForwardNode): EinsumEquation {
  const text = node.string('equation').replaceAll(' ', '');
  const [left = '', right] = text.split('->');
  const [spare = '', ...free] = [...LETTERS].filter((letter) => !text.includes(letter));
  const terms = left.split(',');
  const shapes = terms.map((_, i) => node.input(i).shape);
  /** Labels of the axes that an ellipsis stands for: operands agree from the last axis on. */
  const hidden = (rank: number): string => free.slice(0, rank).reverse().join('');
  const operands = terms.map((term, i) => {
    const rank = (shapes[i] as Shape).length - term.replace('...', '').length;
    return term.replace('...', hidden(rank));
  });
  const lengths = new Map<string, number>();
  for (const [i, labels] of operands.entries()) {
    if (new Set(labels).size < labels.length) throw unsupported(node, `a diagonal in the equation ${text}`);
    for (const [axis, label] of [...labels].entries()) {
      lengths.set(label, Math.max(lengths.get(label) ?? 1, (shapes[i] as Shape)[axis] as number));
    }
  }
  const all = hidden(free.filter((label) => lengths.has(label)).length);
  const once = [...lengths.keys()].filter((label) => left.split(label).length === 2).toSorted();
  return { operands, output: right?.replace('...', all) ?? all + once.join(''), lengths, spare };
}
