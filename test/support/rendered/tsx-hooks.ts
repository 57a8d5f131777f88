import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'rolldown/utils';

// Node strips types and leaves JSX: TSX goes through the transform that the bundle goes through.
process.setSourceMapsEnabled(true);
registerHooks({
  load(url, context, nextLoad) {
    const path = url.replace(/[?#].*$/, '');
    if (path.endsWith('.tsx')) return { format: 'module', source: compiled(fileURLToPath(path)), shortCircuit: true };
    // A style sheet changes nothing of what a test reads; of a module of classes each name stands for itself.
    if (path.endsWith('.css'))
      return {
        format: 'module',
        source: 'export default new Proxy({}, { get: (_, name) => name });',
        shortCircuit: true,
      };
    if (path.endsWith('.svg'))
      return { format: 'module', source: `export default ${JSON.stringify(path)};`, shortCircuit: true };
    return nextLoad(url, context);
  },
});

function compiled(file: string): string {
  const { code, map, errors } = transformSync(file, readFileSync(file, 'utf8'), {
    lang: 'tsx',
    jsx: { runtime: 'automatic' },
    sourcemap: true,
  });
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(`${file}: ${error.message}`);
  const inline = Buffer.from(JSON.stringify(map)).toString('base64');
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${inline}\n`;
}
