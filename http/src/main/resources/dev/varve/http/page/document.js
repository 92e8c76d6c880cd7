// The API's own description: which operations there are, where their parameters go, what may be in them.

/** An operation of the OpenAPI document. */
export class Operation {
  constructor(document, path, method, json, shared) {
    this.id = json.operationId;
    this.path = path;
    this.method = method.toUpperCase();
    this.summary = json.summary;
    this.scope = json['x-varve-scope'];
    this.parameters = [...shared, ...(json.parameters ?? [])].map((each) => document.follow(each));
    this.beginsJob = Boolean(json.responses?.[202]?.$ref?.endsWith('/NewJob'));
    this.body = json.requestBody?.content?.['application/json']?.schema;
  }

  takes(parameter) {
    return this.parameters.some((each) => each.name === parameter);
  }
}

export class ApiDocument {
  constructor(json) {
    this.json = json;
    this.operations = new Map();
    for (const [path, item] of Object.entries(json.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        if (!operation.operationId) continue;
        this.operations.set(
          operation.operationId,
          new Operation(this, path, method, operation, item.parameters ?? []),
        );
      }
    }
  }

  operation(id) {
    return this.operations.get(id);
  }

  /** What a reference points at. */
  follow(node) {
    if (!node.$ref) return node;
    return node.$ref.slice(2).split('/').reduce((at, step) => at[step], this.json);
  }

  /**
   * A schema without references: allOf joined, and "or null" told as `nullable`. `name` is that of the
   * innermost schema with a name, by which a form chooses its control.
   */
  schema(node) {
    const name = node.$ref?.slice(node.$ref.lastIndexOf('/') + 1);
    const { allOf, oneOf, $ref, ...own } = this.follow(node);
    let result = { ...own };
    for (const part of allOf ?? []) result = { ...this.schema(part), ...result };
    if (oneOf) {
      const some = oneOf.filter((each) => each.type !== 'null');
      result = { ...this.schema(some[0]), ...result, nullable: some.length < oneOf.length };
    }
    if (Array.isArray(result.type)) {
      result.nullable = result.type.includes('null');
      result.type = result.type.find((each) => each !== 'null');
    }
    if (node.$ref) result.description = node.description ?? result.description;
    return name && !result.name ? { ...result, name } : result;
  }

  /**
   * The fields of a form for an operation.
   * @param given names of parameters that are known already
   */
  fields(operation, given) {
    const fields = [];
    for (const parameter of operation.parameters) {
      if (parameter.in !== 'query' || parameter.name in given || HIDDEN.has(parameter.name)) continue;
      const schema = this.schema(parameter.schema);
      fields.push({ ...field(parameter.name, schema, parameter.required), place: 'query',
        description: inForm(parameter.description ?? schema.description) });
    }
    if (!operation.body) return fields;
    const body = this.schema(operation.body);
    for (const [name, property] of Object.entries(body.properties ?? {})) {
      if (name in given) continue;
      // What a named schema says of itself is for programs: "a name without control characters".
      fields.push({ ...field(name, this.schema(property), body.required?.includes(name)), place: 'body', description: inForm(property.description) });
    }
    return fields;
  }
}

/** What is left out of a request is empty in a form. */
const inForm = (description) => description?.replace(/(null or )?left out(, or null)?/gi, (words) => (/^[A-Z]/.test(words) ? 'Empty' : 'empty'));

/** Parameters that the page uses by itself. */
const HIDDEN = new Set(['dryRun', 'waitSeconds', 'copy', 'limit', 'after', 'cursor']);

const field = (name, schema, required) =>
  ({ name, schema, required: Boolean(required) });
