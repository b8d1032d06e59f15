package org.attention4j.models.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import org.attention4j.error.UsageException;
import org.attention4j.generate.grammar.Grammar;
import org.attention4j.models.store.JsonFile;

/**
 * A JSON Schema as the grammar of its documents, for {@link
 * org.attention4j.models.text.TextGenerator#language}.
 *
 * <p>Read are {@code type} (one or several), {@code properties}, {@code required}, {@code
 * additionalProperties}, {@code minProperties} and {@code maxProperties} of maps, {@code items},
 * {@code prefixItems}, {@code minItems}, {@code maxItems}, {@code minLength}, {@code maxLength},
 * {@code pattern}, {@code format} (date, time, date-time, uuid), {@code minimum}, {@code maximum}
 * and the exclusive ones, {@code enum}, {@code const}, {@code anyOf}, {@code oneOf} whose options
 * differ in type, in values or in those of a required property, {@code allOf} of one, and {@code
 * $ref} within the schema, which may be recursive. What else a schema demands is an error.
 *
 * <p>Each text of the grammar is a document of the schema. Of the ways to write one it has those
 * with properties in the schema's order, at most a space after colons and commas, numbers of up to
 * 18 digits, and further properties only where {@code additionalProperties} is given or no property
 * is named.
 */
public final class JsonSchema {
  private JsonSchema() {}

  /**
   * The grammar of a schema.
   *
   * @throws UsageException that names the keyword and its place, if the schema has one that is not
   *     read, or no document
   */
  public static Grammar grammar(JsonNode schema) {
    return new SchemaReader(schema).grammar();
  }

  /**
   * The same of a file.
   *
   * @throws org.attention4j.error.FileFormatException if it is no JSON
   */
  public static Grammar read(Path file) {
    try {
      return grammar(JsonFile.readAny(file));
    } catch (UsageException e) {
      throw new UsageException(file + ": " + e.getMessage(), e);
    }
  }
}
