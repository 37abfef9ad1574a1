import { encodePng } from '../../../engine/index.js';
import type { SceneFile, Split } from '../scene-file.js';
import type { RoomScene } from './room-scene.js';

/** Points from here on are for validation, to the reader of Taskonomy. */
const FIRST_VALIDATION_POINT = 1200;

/** The id of a scene in the layout of Taskonomy, whose points tell the split. */
function roomId(split: Split, index: number): string {
  if (split === 'val') return `point_${FIRST_VALIDATION_POINT + index}_view_0`;
  return `point_${index % FIRST_VALIDATION_POINT}_view_${Math.floor(index / FIRST_VALIDATION_POINT)}`;
}

/** The path of the image by whose presence a scene is found. */
export const roomImagePath = (split: Split, index: number): string => `rgb/${roomId(split, index)}_domain_rgb.png`;

/** The files of a scene as Taskonomy has them, the image last. */
export function roomFiles(
  { height, width, pixels, labels }: RoomScene,
  split: Split,
  index: number,
): readonly SceneFile[] {
  const positions = height * width;
  const id = roomId(split, index);
  const files = Object.entries(labels).map(([domain, data]) => ({
    path: `${domain}/${id}_domain_${domain}.png`,
    data: encodePng({ height, width, channels: data.length === positions ? 1 : 3, data }),
  }));
  return [
    ...files,
    { path: roomImagePath(split, index), data: encodePng({ height, width, channels: 3, data: pixels }) },
  ];
}
