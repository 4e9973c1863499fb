#ifndef BATON_CSCHEMA_H
#define BATON_CSCHEMA_H
#endif
