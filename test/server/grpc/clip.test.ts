import test from 'ava';
import { clip } from '../../../src/server/grpc/clip.js';

test('a text that fits is left alone', (t) => {
  t.is(clip('ε ≥ 0', 9), 'ε ≥ 0');
  t.is(clip('', 0), '');
});

for (const [name, character, cut] of [
  ['ASCII', 'a', 'aaaaaa …'],
  ['of two bytes', 'ε', 'εεε …'],
  ['of three bytes', '€', '€€ …'],
  ['of four bytes', '😀', '😀 …'],
] as const) {
  test(`a text of characters ${name} is cut between characters`, (t) => {
    for (const prefix of ['', 'a', 'aa', 'aaa']) {
      const clipped = clip(prefix + character.repeat(2000), 10);
      t.true(Buffer.byteLength(clipped) <= 10, clipped);
      t.true(clipped.endsWith(' …'));
      t.notThrows(() => encodeURI(clipped));
    }
    t.is(clip(character.repeat(2000), 10), cut);
  });
}

test('half a surrogate pair becomes a replacement character', (t) => {
  t.is(clip('a\ud83d', 10), 'a\ufffd');
  t.is(clip('\ude00b', 10), '\ufffdb');
});
