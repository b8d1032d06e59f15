/** Model families as records over blocks, and their configurations. */
@NullMarked
package org.attention4j.models.family;

import org.jspecify.annotations.NullMarked;
