import test from 'ava';
import { turn } from '../../../../src/lab/scenes/camera.js';
import {
  corners,
  curvatureLevels,
  depthSample,
  euclideanDepth,
  normalLevels,
  occlusionEdges,
  reshadingLevels,
  zDepth,
} from '../../../../src/lab/scenes/indoor/geometry-labels.js';
import type { Shape } from '../../../../src/lab/scenes/shapes.js';
import { trace, vectorAt } from '../../../../src/lab/scenes/trace.js';
import { camera } from '../../../support/traces.js';

const wall = (z: number, from = -99): Shape => ({ form: 'box', low: [from, -99, z], high: [99, 99, z + 1] });
const view = camera({ height: 32, width: 32, focal: 32, center: [16, 16] });

test('depth is in 1/512 m, at most 64 499, and 65 535 where there is none', (t) => {
  t.deepEqual([0.25, 3, 200, Number.POSITIVE_INFINITY].map(depthSample), [128, 1536, 64_499, 65_535]);
});

test('euclidean depth is z-depth times the length of the ray', (t) => {
  const seen = trace(view, [wall(3)]);
  const [z, d] = [zDepth(seen), euclideanDepth(seen)];
  t.true(z.every((sample) => sample === 1536));
  for (const i of [0, 5, 300, 1023]) {
    const [x, y] = [((i % 32) + 0.5 - 16) / 32, (Math.floor(i / 32) + 0.5 - 16) / 32];
    t.is(d[i], Math.round(1536 * Math.sqrt(x * x + y * y + 1)));
  }
  t.deepEqual([...zDepth(trace(view, [wall(-3)]))].slice(0, 2), [65_535, 65_535]);
});

test('a wall that is looked at squarely has a blue normal, one to the right a dark red', (t) => {
  t.deepEqual([...normalLevels(trace(view, [wall(3)]), view).slice(0, 3)], [128, 128, 255]);
  const turned = { ...view, rotation: turn(Math.PI / 2) };
  const toTheRight = trace(turned, [{ form: 'box', low: [3, -99, -99], high: [4, 99, 99] }]);
  t.deepEqual([...normalLevels(toTheRight, turned).slice(0, 3)], [128, 128, 255], 'in the frame of the camera');
  const left = trace(view, [{ form: 'box', low: [0.5, -99, 1], high: [4, 99, 99] }]);
  const side = [...left.normal.keys()].find((i) => i % 3 === 0 && left.normal[i] === -1) as number;
  t.deepEqual([...normalLevels(left, view).slice(side, side + 3)], [0, 128, 128]);
  const floor = trace({ ...view, origin: [0, 1, 0] }, [{ form: 'ground', reach: 99 }]);
  t.deepEqual([...normalLevels(floor, view).slice(-3)], [128, 255, 128]);
});

test('reshading is the cosine between the normal and the way to the camera', (t) => {
  const seen = trace(view, [wall(3)]);
  const levels = reshadingLevels(seen);
  for (const i of [0, 40, 528]) t.is(levels[i], Math.round(255 / Math.hypot(...vectorAt(seen.direction, i))));
  t.is(reshadingLevels(trace(view, []))[0], 0);
});

test('curvature is 1/r both ways on a ball, one way on a cylinder, none on planes', (t) => {
  const at = (shape: Shape): number[] => [...curvatureLevels(trace(view, [shape]))].slice(3 * 528, 3 * 528 + 3);
  // 255 · (1/r / 10 + 1) / 2
  t.deepEqual(at({ form: 'sphere', center: [0, 0, 4], radius: 0.5 }), [153, 153, 128]);
  t.deepEqual(at({ form: 'cylinder', base: [0, -2, 4], radius: 0.25, height: 4 }), [179, 128, 128]);
  t.deepEqual(at(wall(3)), [128, 128, 128]);
});

test('an edge of occlusion is on both sides of a jump of depth, by its size', (t) => {
  const edgesAt = (back: number): number[] => [...occlusionEdges(trace(view, [wall(3, 0), wall(back)]))].slice(0, 32);
  const rowWith = (strength: number): number[] =>
    Array.from({ length: 32 }, (_, x) => (x === 15 || x === 16 ? strength : 0));
  t.deepEqual(edgesAt(6), rowWith(410));
  // 3 m before 3.15 m: 1/21 of the depth behind, and a tenth is an edge of full strength.
  t.deepEqual(edgesAt(3.15), rowWith(Math.round(409.59375 * (10 / 21))));
});

test('where walls meet, and on a ball but for its outline, there is no edge of occlusion', (t) => {
  const room = trace({ ...view, rotation: turn(0.4) }, [{ form: 'room', low: [-2, -1, -1], high: [2, 1, 3] }]);
  t.true(new Set(Array.from({ length: 1024 }, (_, i) => vectorAt(room.normal, i).join())).size >= 3);
  t.true(occlusionEdges(room).every((sample) => sample === 0));
  const ball = trace(view, [wall(9), { form: 'sphere', center: [0, 0, 3], radius: 0.8 }]);
  const edges = occlusionEdges(ball);
  t.true(edges.some((sample) => sample > 400));
  for (const i of [528, 529, 16 * 32 + 12]) t.is(edges[i], 0);
});

test('a window, where no depth is known, makes no edge of occlusion', (t) => {
  const edges = occlusionEdges(trace(view, [wall(3, 0)]));
  t.true(edges.every((sample) => sample === 0));
});

test('3-D keypoints are strong where three walls meet, and nothing along edges and on planes', (t) => {
  // The corner at (1, 1, 2) is seen 16 columns to the right of the center and 16 rows above it.
  const toCorner = { ...view, center: [6, 26] } as const;
  const samples = corners(trace(toCorner, [{ form: 'room', low: [-3, -2, -3], high: [1, 1, 2] }]));
  const best = samples.indexOf(Math.max(...samples));
  const [column, row] = [best % 32, Math.floor(best / 32)];
  t.true(Math.abs(column - 22) <= 1 && Math.abs(row - 10) <= 1, `${column}, ${row}`);
  t.true((samples[best] as number) > 20_000, `${samples[best]}`);
  t.is(samples[31 * 32], 0, 'on a plane');
  t.is(samples[22], 0, 'along an edge');
});
