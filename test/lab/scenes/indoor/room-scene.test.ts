import test from 'ava';
import { drawsOf } from '../../../../src/lab/scenes/draws.js';
import { roomScene } from '../../../../src/lab/scenes/indoor/room-scene.js';
import { roomWorld } from '../../../../src/lab/scenes/indoor/room-world.js';

const size = { height: 32, width: 32 };
const rooms = Array.from({ length: 24 }, (_, i) => roomScene(7, `room ${i}`, size));

test('the same seed and key give the same bytes, another seed or key others', (t) => {
  t.deepEqual(roomScene(7, 'room 0', size), rooms[0]);
  t.notDeepEqual(roomScene(8, 'room 0', size).pixels, rooms[0]?.pixels);
  t.notDeepEqual(rooms[1]?.pixels, rooms[0]?.pixels);
});

test('what is unlabelled is a window, where depth is unknown, and nothing else is', (t) => {
  for (const { labels } of rooms) {
    for (const [i, id] of labels.segmentsemantic.entries()) {
      t.is(labels.depth_euclidean[i] === 65_535, id === 0);
      t.is(labels.depth_zbuffer[i] === 65_535, id === 0);
    }
  }
  t.true(rooms.some(({ labels }) => labels.segmentsemantic.includes(0)));
});

test('rooms have the ids of Taskonomy: the background most, and many things', (t) => {
  const ids = rooms.flatMap(({ labels }) => [...labels.segmentsemantic]);
  t.true(Math.max(...ids) <= 17);
  t.true(new Set(ids).size >= 12, `${[...new Set(ids)]}`);
  const background = ids.filter((id) => id === 1).length / ids.length;
  t.true(background > 0.5 && background < 0.95, `${background}`);
});

test('no label is the same everywhere over the rooms', (t) => {
  for (const domain of Object.keys(rooms[0]?.labels ?? {}) as (keyof (typeof rooms)[0]['labels'])[]) {
    const values = new Set(rooms.flatMap(({ labels }) => [...labels[domain]]));
    t.true(values.size > 3, domain);
  }
});

test('z-depth is never more than euclidean depth', (t) => {
  for (const { labels } of rooms) {
    for (const [i, sample] of labels.depth_zbuffer.entries()) t.true(sample <= (labels.depth_euclidean[i] as number));
  }
});

test('furniture is inside the room, and the camera in nothing', (t) => {
  for (let i = 0; i < 200; i++) {
    const { camera, things } = roomWorld(drawsOf(1, `${i}`), size);
    const [room, , ...rest] = things.map(({ shape }) => shape);
    if (room?.form !== 'room') return t.fail();
    const [x, y, z] = camera.origin;
    t.true(y > 0 && y < room.high[1] && Math.abs(x) < room.high[0] && Math.abs(z) < room.high[2]);
    for (const shape of rest) {
      if (shape.form !== 'box') continue;
      t.true(shape.low.every((metres, axis) => metres >= (room.low[axis] as number)));
      t.true(shape.high.every((metres, axis) => metres <= (room.high[axis] as number)));
      t.false(shape.low[0] <= x && x <= shape.high[0] && shape.low[2] <= z && z <= shape.high[2]);
    }
  }
  return undefined;
});
