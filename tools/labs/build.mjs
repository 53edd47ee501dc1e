// Bundle every lab of digitlib/labs/src into one file of digitlib/labs/static, or into the folder that is given.
// A lab is a source that says `export default lab(...)`; host.js is what the book's pages load.
import { build } from 'esbuild';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const labs = fileURLToPath(new URL('../../digitlib/labs/', import.meta.url));
const source = join(labs, 'src'), target = process.argv[2] ?? join(labs, 'static');
const scripts = readdirSync(source).filter((name) => name.endsWith('.js'));
const entries = scripts.filter((name) => /^export default lab\(/m.test(readFileSync(join(source, name), 'utf8')));
const paths = (names) => names.map((name) => join(source, name));

const settings = { bundle: true, minify: true, target: 'es2022', charset: 'utf8', outdir: target, logLevel: 'warning' };
await build({ ...settings, entryPoints: paths(entries), format: 'esm' });
await build({ ...settings, entryPoints: paths(['host.js', 'labs.css']), format: 'iife' });
console.log(`${[...entries, 'host.js'].join(', ')} -> ${target}`);
