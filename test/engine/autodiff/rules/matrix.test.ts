import test from 'ava';
import type { Shape } from '../../../../src/engine/tensor/shape.js';
import { isAdjoint, isRefused } from '../../../support/check-rule.js';
import { constant, variable } from '../../../support/one-node.js';

const pairs: readonly (readonly [when: string, a: Shape, b: Shape])[] = [
  ['two matrices', [3, 4], [4, 2]],
  ['batches', [2, 3, 4], [2, 4, 5]],
  ['one matrix for a batch', [2, 3, 4], [4, 5]],
  ['a batch for one matrix', [3, 4], [2, 4, 5]],
  ['batches that are both stretched', [2, 1, 3, 4], [3, 4, 2]],
  ['a row', [4], [4, 2]],
  ['a row for a batch', [4], [3, 4, 2]],
  ['a column', [3, 4], [4]],
  ['a column for a batch', [2, 3, 4], [4]],
  ['a row and a column', [4], [4]],
];
for (const [when, a, b] of pairs) {
  test(when, isAdjoint, { opType: 'MatMul', inputs: [variable(a, 'a'), variable(b, 'b')] });
}
test('a constant on the right', isAdjoint, { opType: 'MatMul', inputs: [variable([2, 3, 4]), constant([4, 5])] });

for (const transA of [0, 1]) {
  for (const transB of [0, 1]) {
    const a = transA ? [4, 3] : [3, 4];
    const b = transB ? [2, 4] : [4, 2];
    test(`transA ${transA}, transB ${transB}`, isAdjoint, {
      opType: 'Gemm',
      inputs: [variable(a, 'a'), variable(b, 'b'), variable([2], 'c')],
      attributes: { transA, transB, alpha: { float: 0.5 }, beta: { float: 3 } },
    });
  }
}
test('no C', isAdjoint, { opType: 'Gemm', inputs: [variable([3, 4]), constant([4, 2])] });
test('a scalar C', isAdjoint, { opType: 'Gemm', inputs: [variable([3, 4]), constant([4, 2]), variable([], 'c')] });

const sums: readonly (readonly [equation: string, ...shapes: (readonly number[])[]])[] = [
  ['ij,jk->ik', [2, 3], [3, 4]],
  ['bhid,bhjd->bhij', [2, 2, 3, 4], [2, 2, 5, 4]],
  ['bij,bjk->bki', [2, 3, 4], [2, 4, 5]],
  ['ij,jk', [2, 3], [3, 4]],
  ['ba,ca', [2, 3], [4, 3]],
  ['bchw,kc->bkhw', [1, 3, 2, 2], [4, 3]],
  ['i,j->ij', [3], [4]],
  ['i,i->', [3], [3]],
  ['i,i', [3], [3]],
  ['ij,ij->ij', [2, 3], [2, 3]],
  ['ij,k->k', [2, 3], [4]],
  ['ij,j->j', [2, 3], [3]],
  ['ij->ji', [2, 3]],
  ['ijk->j', [2, 3, 4]],
  ['ij->', [2, 3]],
  ['...ij,...jk->...ik', [2, 3, 4], [2, 4, 5]],
  ['...ij,jk->...ik', [2, 2, 3, 4], [4, 5]],
  ['...ij,...jk', [3, 4], [4, 5]],
  ['...ij,...jk->...ik', [1, 3, 4], [2, 4, 5]],
  ['bij,bjk->bik', [1, 2, 3], [2, 3, 4]],
  ['ij,jk->ik', [2, 1], [3, 4]],
  ['b...,b->...', [2, 3, 4], [2]],
  ['zij, zjk -> zik', [2, 3, 4], [2, 4, 5]],
  ['ab,bc,cd->ad', [2, 3], [3, 4], [4, 2]],
];
for (const [equation, ...shapes] of sums) {
  test(`${equation} of [${shapes.join('] and [')}]`, isAdjoint, {
    opType: 'Einsum',
    inputs: shapes.map((shape, i) => variable(shape, `operand ${i}`)),
    attributes: { equation },
  });
}
test(
  'for a diagonal',
  isRefused,
  { opType: 'Einsum', inputs: [variable([3, 3])], attributes: { equation: 'ii->i' } },
  0,
  'a diagonal in the equation ii->i',
);
