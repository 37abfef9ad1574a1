import { where } from './emit.js';
import type { GradientRule } from './gradient-rule.js';

/** The rule of `Max` and `Min`: of several inputs that are equal, the first takes the whole gradient. */
export const extremum: GradientRule = {
  broadcasts: true,
  backward(g, node) {
    const dY = node.cotangent(0);
    return Array.from({ length: node.inputCount }, (_, i) => () => {
      let rest = dY;
      for (let earlier = 0; earlier < i; earlier++) {
        const isTaken = g.op('Equal', [node.input(earlier), node.output(0)]);
        rest = g.op('Where', [isTaken, g.scalar(0), rest]);
      }
      return where(g, g.op('Equal', [node.input(i), node.output(0)]), rest);
    });
  },
};
