/** Text in, text out: generation, chat templates and what a directory says about both. */
@NullMarked
package org.attention4j.models.text;

import org.jspecify.annotations.NullMarked;
