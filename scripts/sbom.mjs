// Writes what is installed for production as a bill of materials (CycloneDX): node scripts/sbom.mjs FILE
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const [file] = process.argv.slice(2);
// Without --omit=dev, which leaves out what development needs too, and from the lock file, because npm complains of what is not installed.
const args = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];
const bom = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', maxBuffer: 2 ** 28 }));

// The lock file has the packages of development and of all platforms: those count that are for production, and here.
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const installed = new Set(
  Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev && existsSync(path))
    .map(([path, { name, version }]) => `${name ?? path.split('node_modules/').at(-1)}@${version}`),
);
const components = bom.components.filter(({ name, version }) => installed.has(`${name}@${version}`));
if (components.length === 0) throw new Error('expected packages in node_modules, got none: run npm ci');
const refs = new Set([bom.metadata.component['bom-ref'], ...components.map((component) => component['bom-ref'])]);
const dependencies = bom.dependencies
  .filter(({ ref }) => refs.has(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));

// npm takes the name of the folder.
const { name } = JSON.parse(readFileSync('package.json', 'utf8'));
const component = { ...bom.metadata.component, name };
const metadata = { ...bom.metadata, component };
writeFileSync(file, `${JSON.stringify({ ...bom, metadata, components, dependencies }, undefined, 2)}\n`);
