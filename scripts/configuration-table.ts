import { envSchema, SECRET_VARIABLES } from '../config/env';

/** The README's table of variables, from the schema that reads them. */
export function configurationTable(): string {
  const rows = Object.entries(envSchema.shape).map(([name, schema]) => {
    const parsed = schema.safeParse(undefined);
    const fallback = parsed.success && parsed.data !== undefined ? `\`${String(parsed.data)}\`` : '';
    const fromFile = (SECRET_VARIABLES as readonly string[]).includes(name) ? ' (or `' + name + '_FILE`)' : '';
    return `| \`${name}\`${fromFile} | ${fallback} | ${schema.description ?? ''} |`;
  });
  return ['| Variable | Default | Meaning |', '|---|---|---|', ...rows].join('\n');
}
