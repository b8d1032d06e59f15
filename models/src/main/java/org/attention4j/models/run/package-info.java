/** Training runs, parity checks and measurements that the command line starts. */
@NullMarked
package org.attention4j.models.run;

import org.jspecify.annotations.NullMarked;
