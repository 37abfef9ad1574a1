import test from 'ava';
import { zeroGradientReason } from '../../../src/engine/autodiff/zero-gradient.js';
import type { Attribute } from '../../../src/engine/onnx/graph.js';

const reasonOf = (opType: string, domain = '', attributes: Record<string, Attribute> = {}): string | undefined =>
  zeroGradientReason({ opType, domain, attributes: new Map(Object.entries(attributes)) });

test('operators with a derivative of 0 say why', (t) => {
  t.is(reasonOf('Round'), 'it is constant between jumps');
  t.is(reasonOf('NonMaxSuppression'), 'its output is indices');
  t.is(reasonOf('Shape'), 'its output depends on shapes only');
  t.is(reasonOf('Bernoulli'), 'its output is random');
});

test('other operators have none to say, those of other domains among them', (t) => {
  t.is(reasonOf('Relu'), undefined);
  t.is(reasonOf('Round', 'com.example'), undefined);
  t.is(reasonOf('toString'), undefined);
});

test('a cast has one unless it is to real numbers', (t) => {
  const castTo = (value: number): string | undefined => reasonOf('Cast', '', { to: { type: 'int', value } });
  t.is(castTo(10), undefined); // float16
  t.is(castTo(6), 'its output is whole numbers');
  t.is(castTo(9), 'its output is true or false');
  t.is(castTo(17), undefined); // a type that is not known
  t.is(reasonOf('Cast'), undefined); // nor which type
});
