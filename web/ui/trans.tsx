import type { MessageDescriptor } from '@lingui/core';
import { type ComponentChildren, cloneElement, type VNode } from 'preact';
import { say } from '../core/language.ts';

/** A sentence with elements in it; the compiler takes its children apart into the rest. */
interface SentenceProps extends Partial<MessageDescriptor> {
  children?: ComponentChildren;
  components?: Record<string, VNode>;
}

const TAG = /<(\w+)>(.*?)<\/\1>|<(\w+)\/>/s;

/** Inside `Trans`: a number with its noun, `#` for the number. The compiler puts it into the sentence. */
export declare function Plural(props: { value: number; one: string; other: string }): VNode;

/** Shows a sentence whose parts are elements: `Runs on <strong>…</strong>`. */
export function Trans({ components = {}, ...sentence }: SentenceProps) {
  return <>{putElements(say({ id: '', ...sentence }), components)}</>;
}

function putElements(text: string, components: Record<string, VNode>): ComponentChildren[] {
  const parts: ComponentChildren[] = [];
  let rest = text;
  for (let found = TAG.exec(rest); found !== null; found = TAG.exec(rest)) {
    const [whole, name = '', inner = '', alone = ''] = found;
    const element = components[name || alone];
    const children = name === '' ? [] : putElements(inner, components);
    parts.push(rest.slice(0, found.index));
    if (element !== undefined) {
      parts.push(children.length === 0 ? element : cloneElement(element, undefined, ...children));
    }
    rest = rest.slice(found.index + whole.length);
  }
  return [...parts, rest].filter((part) => part !== '');
}
