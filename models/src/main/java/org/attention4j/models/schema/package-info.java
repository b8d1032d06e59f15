/** JSON Schema, read as the grammar of the texts that it allows. */
@NullMarked
package org.attention4j.models.schema;

import org.jspecify.annotations.NullMarked;
