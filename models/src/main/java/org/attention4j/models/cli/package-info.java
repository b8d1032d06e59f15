/** The command line: one class a command. */
@NullMarked
package org.attention4j.models.cli;

import org.jspecify.annotations.NullMarked;
