/** The command line. */
@NullMarked
package org.attention4j.models.cli;

import org.jspecify.annotations.NullMarked;
