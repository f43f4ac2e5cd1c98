// The message of a logpoint: text with expressions in braces. [DAP, SourceBreakpoint.logMessage]

const braces = /\{([^{}]+)\}/g;

export function expressionsIn(message: string): string[] {
  return [...message.matchAll(braces)].map(([, expression = '']) => expression);
}

export function filledIn(message: string, values: ReadonlyMap<string, string>): string {
  return message.replace(braces, (whole, expression: string) => values.get(expression) ?? whole);
}
