/* root: fills the exported record from which a reader outside the process begins (stat/root.h). */
#ifndef CELLAR_MALLOC_ROOT_H
#define CELLAR_MALLOC_ROOT_H

/* Once, when the library is loaded. */
void cellar__root_publish(void);

#endif
