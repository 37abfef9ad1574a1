import { findMember } from '../../find-member.js';
import type { Attack } from '../attack.js';
import { fgsm } from './fgsm.js';
import { houdini } from './houdini.js';
import { mim } from './mim.js';
import { pgd } from './pgd.js';
import { square } from './square.js';

/** Every attack, by the name that requests give it, one line each, in alphabetical order. */
const attacks: Readonly<Record<string, Attack>> = {
  fgsm,
  houdini,
  mim,
  pgd,
  square,
};

export const attackNames: readonly string[] = Object.keys(attacks);

/** @throws EngineError `INVALID_OPTION`. Thrown when there is no such attack. */
export const findAttack = (name: string): Attack => findMember('attack', attacks, name);
