// Checks the types, bundles both clients and holds them to their size: `npm run build`.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = new URL('.', import.meta.url).pathname;

/** Gzipped bytes that each bundle may have. */
const BUDGETS = { 'dist/outpour.js': 6_000, 'dist/pushstream.js': 10_000 };

rmSync(`${here}dist`, { recursive: true, force: true });
execFileSync(process.execPath, [`${here}node_modules/typescript/bin/tsc`, '-p', here], { stdio: 'inherit' });
execFileSync(
  process.execPath,
  [`${here}node_modules/typescript/bin/tsc`, '-p', `${here}tsconfig.types.json`],
  { stdio: 'inherit', cwd: here },
);

const common = { absWorkingDir: here, bundle: true, minify: true, sourcemap: true, logLevel: 'warning' };
await build({ ...common, entryPoints: ['src/module/index.ts'], outfile: 'dist/outpour.js', format: 'esm', target: 'es2022' });
await build({ ...common, entryPoints: ['src/classic/index.ts'], outfile: 'dist/pushstream.js', format: 'iife', target: 'es2015' });

for (const [file, most] of Object.entries(BUDGETS)) {
  const size = gzipSync(readFileSync(here + file), { level: 9 }).length;
  console.log(`${file}: ${size} bytes gzipped, of ${most}`);
  if (size > most) process.exitCode = 1;
}
