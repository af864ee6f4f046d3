import * as v from 'valibot';
import type { FlagLine, FlagSchemas, NumberBounds } from '../flags.ts';

type Field = v.GenericSchema<unknown, string | number | boolean | string[]>;

/**
 * The fields of a section, each what its flag takes: numbers, lists and switches as JSON has them.
 * `left`: flags that say what to do now, and are no fields.
 */
export function sectionOf(
  flags: FlagSchemas,
  lines: Readonly<Record<string, FlagLine>>,
  left: readonly string[],
) {
  const fields = Object.entries(flags)
    .filter(([name]) => !left.includes(name))
    .map(([name, flag]) => {
      const described = v.pipe(fieldOf(flag), v.description(lines[name]?.says ?? name));
      return [name, v.exactOptional(described)] as const;
    });
  return v.strictObject(Object.fromEntries(fields));
}

function fieldOf(flag: v.GenericSchema): Field {
  const schema = 'wrapped' in flag ? (flag.wrapped as v.GenericSchema) : flag;
  if (schema.type === 'boolean') return v.boolean();
  if (schema.type === 'picklist') return schema as Field;
  if (schema.type === 'array' && 'item' in schema) {
    return v.array(textOf(schema.item as v.GenericSchema));
  }
  const bounds = v.getMetadata(schema) as Partial<NumberBounds>;
  return bounds.least === undefined ? textOf(schema) : numberOf(bounds);
}

function numberOf({ least = 0, most = 0, isWhole = false }: Partial<NumberBounds>): Field {
  const bounds = [v.minValue<number, number>(least), v.maxValue<number, number>(most)] as const;
  return isWhole ? v.pipe(v.number(), v.integer(), ...bounds) : v.pipe(v.number(), ...bounds);
}

/** A text that the flag takes. */
const textOf = (flag: v.GenericSchema): v.GenericSchema<unknown, string> =>
  v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const parsed = v.safeParse(flag, dataset.value);
      if (!parsed.success) addIssue({ message: parsed.issues[0].message });
    }),
  );
