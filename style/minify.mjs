// minify.mjs FILE.js… : makes scripts small, in place; what they import and export keeps its names.
import { readFileSync, writeFileSync } from 'node:fs';
import { minify } from 'terser';

for (const file of process.argv.slice(2)) {
  const { code } = await minify(readFileSync(file, 'utf8'), { module: true, compress: { passes: 2 }, mangle: true });
  writeFileSync(file, code);
}
