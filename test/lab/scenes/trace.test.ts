import test from 'ava';
import { rotateBoth, tilt, turn } from '../../../src/lab/scenes/camera.js';
import type { Shape } from '../../../src/lab/scenes/shapes.js';
import { trace, vectorAt } from '../../../src/lab/scenes/trace.js';
import { plus, scaled, type Vector } from '../../../src/lab/scenes/vector.js';
import { camera, center } from '../../support/traces.js';

const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-9;

test('a wall at 3 m that is looked at squarely has the depth 3 at every pixel', (t) => {
  const seen = trace(camera(), [{ form: 'box', low: [-9, -9, 3], high: [9, 9, 4] }]);
  t.true(seen.depth.every((depth) => near(depth, 3)));
  t.deepEqual([...vectorAt(seen.normal, 0)], [0, 0, -1]);
  t.true(seen.curvature.every((value) => value === 0));
});

test('the ground h below the camera has the depth f · h / (row + 0.5 − horizon) at each row', (t) => {
  const view = camera({ origin: [0, 1.5, 0] });
  const seen = trace(view, [{ form: 'ground', reach: 1e9 }]);
  for (let row = 0; row < view.height; row++) {
    const below = row + 0.5 - view.center[1];
    const depth = seen.depth[row * view.width] as number;
    if (below > 0) t.true(near(depth, (view.focal * 1.5) / below), `row ${row}: ${depth}`);
    else t.is(depth, Number.POSITIVE_INFINITY);
  }
});

test('the ground ends at its reach', (t) => {
  const seen = trace(camera({ origin: [0, 1.5, 0] }), [{ form: 'ground', reach: 10 }]);
  t.true([...seen.depth].filter(Number.isFinite).every((depth) => depth < 10));
});

test('a camera that is turned and tilted sees a point of a wall where the geometry has it', (t) => {
  const view = camera({ origin: [0.5, 1, -1], rotation: rotateBoth(turn(0.3), tilt(0.2)) });
  const seen = trace(view, [{ form: 'box', low: [-50, -50, 4], high: [50, 50, 5] }]);
  for (const i of [0, 7, center(view), 31]) {
    const point = plus(view.origin, scaled(vectorAt(seen.direction, i), seen.depth[i] as number));
    t.true(near(point[2], 4));
  }
  // The ray through the middle points down by the tilt and to the right by the turn.
  const view1 = { ...view, height: 1, width: 1, center: [0.5, 0.5] } as const;
  const [x, y, z] = vectorAt(trace(view1, []).direction, 0);
  t.true(near(x, Math.sin(0.3) * Math.cos(0.2)) && near(y, -Math.sin(0.2)) && near(z, Math.cos(0.3) * Math.cos(0.2)));
});

const round: readonly (readonly [title: string, shape: Shape, depth: number, normal: Vector, curvature: number[]])[] = [
  ['a ball', { form: 'sphere', center: [0, 0, 5], radius: 0.5 }, 4.5, [0, 0, -1], [2, 2]],
  ['a cylinder', { form: 'cylinder', base: [0, -1, 5], radius: 0.5, height: 2 }, 4.5, [0, 0, -1], [2, 0]],
  ['a box', { form: 'box', low: [-1, -1, 5], high: [1, 1, 6] }, 5, [0, 0, -1], [0, 0]],
  ['a room from within', { form: 'room', low: [-2, -2, -2], high: [2, 2, 6] }, 6, [0, 0, -1], [0, 0]],
];
for (const [title, shape, depth, normal, curvature] of round) {
  test(`${title} is met where the ray through the middle enters it, with its normal and curvature`, (t) => {
    const seen = trace(camera({ height: 1, width: 1, center: [0.5, 0.5] }), [shape]);
    t.true(near(seen.depth[0] as number, depth));
    for (const [axis, part] of vectorAt(seen.normal, 0).entries()) t.true(near(part, normal[axis] as number));
    t.deepEqual([...seen.curvature], curvature);
  });
}

test('the lid of a cylinder is flat, and seen from above only', (t) => {
  const down = camera({ origin: [0, 3, 0], rotation: tilt(Math.PI / 2), height: 1, width: 1, center: [0.5, 0.5] });
  const seen = trace(down, [{ form: 'cylinder', base: [0, 0, 0], radius: 0.5, height: 1 }]);
  t.true(near(seen.depth[0] as number, 2));
  t.deepEqual([...vectorAt(seen.normal, 0)], [0, 1, 0]);
  t.deepEqual([...seen.curvature], [0, 0]);
});

test('normals have length 1 and look toward the camera, whatever is hit', (t) => {
  const view = camera({ height: 24, width: 24, center: [12, 12], origin: [0, 1, 0] });
  const seen = trace(view, [
    { form: 'room', low: [-2, 0, -2], high: [2, 2.5, 4] },
    { form: 'sphere', center: [0.6, 0.5, 2], radius: 0.5 },
    { form: 'cylinder', base: [-0.7, 0, 2], radius: 0.3, height: 0.8 },
  ]);
  t.deepEqual([...new Set(seen.shape)].toSorted(), [0, 1, 2]);
  for (let i = 0; i < seen.depth.length; i++) {
    const [n, d] = [vectorAt(seen.normal, i), vectorAt(seen.direction, i)];
    t.true(near(Math.hypot(...n), 1));
    t.true(n[0] * d[0] + n[1] * d[1] + n[2] * d[2] < 0);
  }
});

test('the nearest shape counts, and of equally near ones the first', (t) => {
  const wall = (z: number): Shape => ({ form: 'box', low: [-9, -9, z], high: [9, 9, z + 1] });
  t.is(trace(camera(), [wall(4), wall(3)]).shape[0], 1);
  t.is(trace(camera(), [wall(3), wall(3)]).shape[0], 0);
  t.is(trace(camera(), [wall(-3)]).shape[0], -1);
});
