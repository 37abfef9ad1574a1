import { execFileSync } from 'node:child_process';
import test, { type Implementation } from 'ava';

/**
 * Declares a test that needs something which not every machine has. Where it is missing the test is skipped, and its title
 * says why.
 *
 * @param missing what is missing and how to get it; nothing where all is there
 */
export function testWith(missing: string | undefined, title: string, implementation: Implementation<[]>): void {
  if (missing === undefined) test(title, implementation);
  else test.skip(`${title} (skipped: ${missing})`, implementation);
}

/** Whether a command ends with 0. */
export function succeeds(command: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
