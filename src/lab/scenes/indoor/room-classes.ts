/**
 * Classes of rooms by their ids in the files of Taskonomy: 0 is unlabelled and counts nowhere, 1 is everything that has no
 * name, and the others are the things of COCO that rooms have.
 */
export const ROOM_CLASSES = {
  unlabelled: 0,
  background: 1,
  bottle: 2,
  chair: 3,
  couch: 4,
  plant: 5,
  bed: 6,
  table: 7,
  toilet: 8,
  tv: 9,
  microwave: 10,
  oven: 11,
  toaster: 12,
  sink: 13,
  refrigerator: 14,
  book: 15,
  clock: 16,
  vase: 17,
} as const;

export type RoomClass = keyof typeof ROOM_CLASSES;
