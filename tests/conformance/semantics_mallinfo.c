/* title: mallinfo describes this heap */
#define INFO mallinfo
#include "mallinfo.h"
